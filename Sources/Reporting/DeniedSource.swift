import Auditing
package import Grants

/// All attempts of one address that no grant covered.
package struct DeniedSource: Hashable, Sendable {
    package let address: String
    /// With those that have no record of their own.
    package private(set) var attempts: Int64 = 0
    package private(set) var ports: Set<String> = []
    package private(set) var first: Moment
    package private(set) var last: Moment
    /// Whether some of them passed, because the mode was observe.
    package private(set) var passed = false

    init(address: String, at moment: Moment) {
        self.address = address
        first = moment
        last = moment
    }

    mutating func take(_ record: Record, observing: Bool) {
        attempts.add(1, record.entry.number(.missed) ?? 0)
        ports.formUnion(record.entry.fields[.ports] ?? [])
        last = record.stamp.realtime
        passed = passed || observing
    }

    /// The address of `203.0.113.7:50432` or `[2001:db8::1]:50432`; else the text as it is.
    static func address(of peer: String) -> String {
        if peer.hasPrefix("["), let end = peer.firstIndex(of: "]") {
            return String(peer[..<end].dropFirst())
        }
        return peer.count { $0 == ":" } == 1 ? String(peer.prefix { $0 != ":" }) : peer
    }
}

/// A grant file that was not taken.
package struct RefusedFile: Hashable, Sendable {
    package let moment: Moment
    package let file: String
    package let requestor: String
    package let sources: [String]
    /// `CODE: what and why`.
    package let reason: String

    init(_ record: Record) {
        moment = record.stamp.realtime
        file = record.entry[.file] ?? ""
        requestor = record.entry[.requestor] ?? ""
        sources = record.entry.fields[.sources] ?? []
        reason = record.entry[.reason] ?? ""
    }
}
