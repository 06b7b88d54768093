package import Auditing
package import Grants

/// All attempts of one address that no grant covered.
package struct DeniedSource: Hashable, Sendable {
    package let address: String
    /// The number of attempts, with those that have no record of their own.
    package private(set) var attempts: Int64 = 0
    package private(set) var ports: Set<String> = []
    package private(set) var first: Moment
    package private(set) var last: Moment
    /// True if some of them passed, because the mode was observe.
    package private(set) var passed = false

    package init(address: String, at moment: Moment) {
        self.address = address
        first = moment
        last = moment
    }

    /// The attempts in a record, by address; a log can name some sources only.
    package static func attempts(of record: Record) -> [(address: String, count: Int64)] {
        let entry = record.entry
        let missed = entry.number(.missed) ?? 0
        switch entry.event {
        case .attemptDenied:
            let address = address(of: entry[.peer] ?? "?")
            // Records of earlier versions lack the sources of the others.
            guard entry[.missedSources] != nil else {
                var count = missed
                count.add(1)
                return [(address, count)]
            }
            return [(address, 1)] + named(entry, of: missed)
        case .attemptsSummary where entry[.grant] == nil && entry[.reason] != "lost":
            return named(entry, of: missed)
        default: return []
        }
    }

    /// The sources of an `ADDRESS COUNT` list, up to `missed` in all, and the rest.
    private static func named(
        _ entry: AuditEntry,
        of missed: Int64
    ) -> [(address: String, count: Int64)] {
        var rest = missed
        var all: [(String, Int64)] = []
        for text in entry.fields[.missedSources, default: []] {
            let parts = text.split(separator: " ")
            guard parts.count == 2, let count = Int64(parts[1]), count > 0, count <= rest else {
                continue
            }
            all.append((String(parts[0]), count))
            rest -= count
        }
        return rest > 0 ? all + [(others, rest)] : all
    }

    /// The entry for all addresses that no record names.
    private static let others = "others"

    /// The order of lists: those with the most attempts first.
    package static func hasMoreAttempts(_ left: Self, _ right: Self) -> Bool {
        (right.attempts, left.address) < (left.attempts, right.address)
    }

    /// Adds the attempts of the same address on another host.
    mutating func merge(_ other: DeniedSource) {
        attempts.add(other.attempts)
        ports.formUnion(other.ports)
        (first, last) = (min(first, other.first), max(last, other.last))
        passed = passed || other.passed
    }

    package mutating func take(_ count: Int64, _ record: Record, observing: Bool) {
        attempts.add(count)
        ports.formUnion(record.entry.fields[.ports] ?? [])
        last = record.stamp.realtime
        passed = passed || observing
    }

    /// The address of `203.0.113.7:50432` or `[2001:db8::1]:50432`; otherwise the text unchanged.
    static func address(of peer: String) -> String {
        if peer.hasPrefix("["), let end = peer.firstIndex(of: "]") {
            return String(peer[..<end].dropFirst())
        }
        return peer.count { $0 == ":" } == 1 ? String(peer.prefix { $0 != ":" }) : peer
    }
}

/// A refused grant file.
package struct RefusedFile: Hashable, Sendable {
    package let moment: Moment
    package let file: String
    package let requestor: String
    package let sources: [String]
    /// The reason as `CODE: what and why`.
    package let reason: String
    /// The number of files that the record counts: it names the first of them.
    package let count: Int64

    init(_ record: Record) {
        moment = record.stamp.realtime
        file = record.entry[.file] ?? ""
        requestor = record.entry[.requestor] ?? ""
        sources = record.entry.fields[.sources] ?? []
        reason = record.entry[.reason] ?? ""
        count = max(1, record.entry.number(.missed) ?? 1)
    }
}
