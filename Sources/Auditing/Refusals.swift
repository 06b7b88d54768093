/// Refused files and the reasons, so that the same refusal is recorded once; bounded.
struct Refusals: Hashable, Sendable {
    /// The number that is always remembered; one more record is all that forgetting costs.
    private static let bound = 256
    /// The number that may come before the oldest go, all at once, since that moves the others.
    private static let slack = 32

    private struct Refused: Hashable {
        let digest: String?
        /// The part before the colon; the words after it may tell the time of day.
        let code: String?

        init(_ entry: AuditEntry) {
            digest = entry[.digest]
            code = entry[.reason].map { String($0.prefix { $0 != ":" }) }
        }
    }

    private var known: [String: Refused] = [:]
    private var order: [String] = []

    func knows(_ entry: AuditEntry) -> Bool {
        guard let file = entry[.file], let refused = known[file] else { return false }
        return refused == Refused(entry)
    }

    mutating func add(_ entry: AuditEntry) {
        guard let file = entry[.file] else { return }
        known[file] = Refused(entry)
        order.append(file)
        guard order.count >= Self.bound + Self.slack else { return }
        for old in order.prefix(Self.slack) { known[old] = nil }
        order.removeFirst(Self.slack)
    }

    mutating func forget(_ file: String) {
        known[file] = nil
    }

    /// The entries from which `add` would know them again, oldest first.
    var entries: [(file: String, digest: String?, reason: String?)] {
        var seen = Set<String>()
        return order.reversed().compactMap { file in
            guard let refused = known[file], seen.insert(file).inserted else { return nil }
            return (file, refused.digest, refused.code)
        }
        .reversed()
    }
}
