import Auditing
import Grants

/// A record in any form, with the values that a filter asks for.
protocol FilteredRecord {
    var event: String { get }
    var moment: Moment? { get }
    func values(_ field: AuditField) -> [String]
}

extension Record: FilteredRecord {
    var event: String { entry.event.rawValue }
    var moment: Moment? { stamp.realtime }
    func values(_ field: AuditField) -> [String] { entry.fields[field] ?? [] }
}

extension DisplayRecord: FilteredRecord {
    func values(_ field: AuditField) -> [String] { values(field.rawValue) }
}

/// The records that are asked for: of each kind of condition that is set, one has to be met.
struct RecordFilter {
    var events: Set<String> = []
    var grants: Set<String> = []
    var requestors: Set<String> = []
    var signers: Set<String> = []
    /// Networks that a record's sources or peers overlap with.
    var sources: [Prefix] = []
    var ports: Set<String> = []
    /// At or after this.
    var since: Moment?
    /// Before this.
    var until: Moment?

    func takes(_ record: some FilteredRecord) -> Bool {
        let conditions: [(Set<String>, AuditField)] = [
            (grants, .grant), (requestors, .requestor), (signers, .signers), (ports, .ports),
        ]
        return (events.isEmpty || events.contains(record.event)) && isInTime(record)
            && conditions.allSatisfy { wanted, field in
                wanted.isEmpty || record.values(field).contains(where: wanted.contains)
            } && overlaps(record)
    }

    private func overlaps(_ record: some FilteredRecord) -> Bool {
        guard !sources.isEmpty else { return true }
        let networks = record.networks
        return sources.contains { source in
            networks.contains { $0.contains(source) || source.contains($0) }
        }
    }

    private func isInTime(_ record: some FilteredRecord) -> Bool {
        guard since != nil || until != nil else { return true }
        guard let moment = record.moment else { return false }
        return since.map { moment >= $0 } ?? true && until.map { moment < $0 } ?? true
    }
}

extension FilteredRecord {
    /// The networks that a record is about: a grant's sources, and peers.
    var networks: [Prefix] {
        let peers = values(.peer).compactMap(Self.address)
        return values(.sources).compactMap { try? Prefix(parsing: $0) }
            + peers.map { Prefix(covering: $0, length: $0.family.bitCount) }
    }

    /// The address of `203.0.113.7:50432` or `[2001:db8::1]:50432`.
    private static func address(_ peer: String) -> Address? {
        if peer.hasPrefix("["), let end = peer.firstIndex(of: "]") {
            return try? Address(parsing: peer[..<end].dropFirst())
        }
        let colons = peer.count { $0 == ":" }
        return try? Address(parsing: colons == 1 ? peer.prefix { $0 != ":" } : peer[...])
    }
}
