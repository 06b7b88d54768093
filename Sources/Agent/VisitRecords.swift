import Auditing
import Connections
import Grants

/// The records of connections and attempts.
extension AuditEntry {
    /// The most sources that a record names besides its own peer.
    private static let named = 16

    /// A connection that these grants let in, and connections by them before it that have no record.
    static func used(
        _ packet: LoggedPacket,
        by grants: [GrantProvenance],
        missed: Int = 0,
        from sources: SourceCounts = SourceCounts()
    ) -> Self {
        let more = missed == 0 ? "" : ", and \(missed.counting("connection")) before it"
        return Self(
            .grantUsed,
            "\(packet.peer) came in at \(packet.place) by the grant of \(names(grants))\(more)",
            fields: fields(grants).merging(packet.fields) { $1 }
                .merging(fields(missed: missed, from: sources)) { $1 }
        )
    }

    /// A packet that no grant covers; `isDropped` unless only observed.
    static func denied(_ denial: DeniedRateLimiter.Denial, isDropped: Bool) -> Self {
        let packet = denial.packet
        let missed = denial.missed
        let more = missed == 0 ? "" : ", and \(missed.counting("packet")) before it"
        return Self(
            .attemptDenied,
            "\(packet.peer) \(isDropped ? "was" : "would be") denied at \(packet.place)\(more)",
            fields: packet.fields.merging(fields(missed: missed, from: denial.sources)) { $1 }
        )
    }

    /// Denied packets that have no record of their own.
    static func summary(of summary: DeniedRateLimiter.Summary, isDropped: Bool) -> Self {
        let count = summary.count.counting("packet")
        let denied = isDropped ? "denied" : "that would be denied"
        var fields = fields(missed: summary.count, from: summary.sources)
        fields[.reason] = ["denied"]
        fields[.ports] = summary.ports.map(\.description)
        let text =
            "\(count) \(denied), without a record of \(summary.count == 1 ? "its" : "their") own"
        return Self(.attemptsSummary, text + origins(summary.sources), fields: fields)
    }

    /// Packets under grants that nothing proves to be of a connection.
    static func unproved(_ group: UnrecordedUses.Group, by grants: [GrantProvenance]) -> Self {
        var all = fields(grants).merging(fields(missed: group.count, from: group.sources)) { $1 }
        all[.reason] = ["unproved"]
        all[.ports] = group.last.packet.port.map { [$0.description] } ?? []
        let text =
            "\(group.count.counting("packet")) came under the grant of \(names(grants)), and"
            + " nothing proves a connection"
        return Self(.attemptsSummary, text + origins(group.sources), fields: all)
    }

    /// Packets from unknown senders.
    static func lost(_ count: Int) -> Self {
        Self(
            .attemptsSummary,
            "\(count.counting("packet")) that the kernel logged did not reach the agent",
            fields: [.reason: ["lost"], .missed: [String(count)]]
        )
    }

    private static func names(_ grants: [GrantProvenance]) -> String {
        Set(grants.map(\.grant.requestor)).sorted().joined(separator: ", ")
    }

    private static func fields(_ grants: [GrantProvenance]) -> [AuditField: [String]] {
        [
            .grant: grants.map(\.grant.id.description), .digest: grants.map(\.digest),
            .requestor: Set(grants.map(\.grant.requestor)).sorted(),
        ]
    }

    private static func fields(
        missed: Int,
        from sources: SourceCounts
    ) -> [AuditField: [String]] {
        [.missed: missed == 0 ? [] : [String(missed)], .missedSources: sources.top(named)]
    }

    private static func origins(_ sources: SourceCounts) -> String {
        let first = sources.top(3).map { text in
            let parts = text.split(separator: " ")
            return "\(parts[0]) (\(parts[1]))"
        }
        return first.isEmpty ? "" : ": most from " + first.joined(separator: ", ")
    }
}

extension LoggedPacket {
    /// The port that it came in by, for people.
    fileprivate var place: String {
        port?.description ?? "a protected port, which its headers hide"
    }

    fileprivate var fields: [AuditField: [String]] {
        [
            .ports: port.map { [$0.description] } ?? [], .peer: [peer],
            .reason: port == nil ? ["ports-unread"] : [],
        ]
    }
}
