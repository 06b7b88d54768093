import Auditing
import Connections
import Grants

extension LoggedPacket {
    /// What it was sent to; `nil` for port 0, which is never protected.
    var port: Port? { Port(number: destination.port, transport: transport) }
}

/// The records of who came and who tried.
extension AuditEntry {
    /// The first packet of a connection that these grants let in.
    static func used(_ packet: LoggedPacket, by grants: [GrantFacts]) -> Self {
        let port = packet.port?.description ?? ""
        let who = Set(grants.map(\.grant.requestor)).sorted()
        return Self(
            .grantUsed,
            "\(packet.source) came in at \(port) by the grant of \(who.joined(separator: ", "))",
            fields: [
                .grant: grants.map(\.grant.id.description), .digest: grants.map(\.digest),
                .requestor: who, .ports: [port], .peer: [packet.source.description],
            ]
        )
    }

    /// A packet that no grant covers; `isDropped` unless only observed.
    static func denied(_ denial: DenialTally.Denial, isDropped: Bool) -> Self {
        let packet = denial.packet
        let port = packet.port?.description ?? ""
        let missed = denial.missed
        let more = missed == 0 ? "" : ", and \(missed.counting("packet")) before it"
        return Self(
            .attemptDenied,
            "\(packet.source) \(isDropped ? "was" : "would be") denied at \(port)\(more)",
            fields: [
                .ports: [port], .peer: [packet.source.description],
                .missed: missed == 0 ? [] : [String(missed)],
            ]
        )
    }
}
