package import Grants
import Signatures

/// The facts of a grant that revocations select by.
package struct RevocableGrant: Hashable, Sendable {
    package let id: GrantID
    package let requestor: String
    package let sources: [Prefix]
    package let parties: GrantParties

    package init(id: GrantID, requestor: String, sources: [Prefix], parties: GrantParties) {
        self.id = id
        self.requestor = requestor
        self.sources = sources
        self.parties = parties
    }
}

extension RevocableGrant {
    package init(_ grant: Grant, signedBy parties: GrantParties) {
        self.init(
            id: grant.id,
            requestor: grant.requestor,
            sources: grant.sources,
            parties: parties
        )
    }
}

/// A revocation's selection, made ready to be compared with many grants.
package struct RevocationMatch: Hashable, Sendable {
    private let ids: Set<GrantID>
    private let requestors: NameMatch
    private let signers: NameMatch
    private let keys: Set<String>
    private let sources: [Prefix]
    private let all: Bool

    package init(_ selection: RevocationSelection) {
        ids = Set(selection.ids)
        requestors = NameMatch(selection.requestors)
        signers = NameMatch(selection.signers)
        keys = Set(selection.keys)
        sources = selection.sources
        all = selection.all
    }

    package func matches(_ grant: RevocableGrant) -> Bool {
        all || ids.contains(grant.id)
            || requestors.matches(any: [grant.requestor], orSigners: grant.parties.requestorNames)
            || signers.matches(any: [], orSigners: grant.parties.names)
            || !keys.isDisjoint(with: grant.parties.keys)
            || sources.contains { network in grant.sources.contains(where: network.overlaps) }
    }
}

/// Patterns of names, those without wildcards in a set.
private struct NameMatch: Hashable, Sendable {
    private var names: Set<String> = []
    private var patterns: [PatternList] = []
    /// Patterns of both kinds, for signers that are only known by a pattern.
    private var everything: [PatternList] = []

    init(_ texts: [String]) {
        for text in texts.map({ $0.lowercased() }) {
            guard let pattern = try? PatternList(parsing: text) else { continue }
            everything.append(pattern)
            if PatternList.isPlainName(text) {
                names.insert(text)
            } else {
                patterns.append(pattern)
            }
        }
    }

    /// Returns true if a pattern matches one of the names, or some name that a pattern of a signer
    /// matches.
    func matches(any plain: [String], orSigners traced: [String]) -> Bool {
        guard !everything.isEmpty else { return false }
        return (plain + traced).contains { matches($0.lowercased()) }
            || traced.contains { !PatternList.isPlainName($0) && overlaps($0) }
    }

    private func matches(_ name: String) -> Bool {
        names.contains(name) || patterns.contains { $0.matches(name) }
    }

    private func overlaps(_ text: String) -> Bool {
        guard let list = try? PatternList(parsing: text) else { return false }
        return everything.contains { $0.overlaps(list) }
    }
}

extension Prefix {
    fileprivate func overlaps(_ other: Prefix) -> Bool {
        contains(other) || other.contains(self)
    }
}

/// The bars of a host, by their ids.
package struct BarTable: Sendable {
    private var entries: [GrantID: (bar: Bar, match: RevocationMatch)] = [:]

    package init(_ bars: some Sequence<Bar> = []) {
        for bar in bars { add(bar) }
    }

    package var count: Int { entries.count }

    package subscript(id: GrantID) -> Bar? { entries[id]?.bar }

    package mutating func add(_ bar: Bar) {
        entries[bar.id] = (bar, RevocationMatch(bar.selection))
    }

    package mutating func remove(_ id: GrantID) { entries[id] = nil }

    /// Forgets the bars that are over, by the slower time.
    package mutating func removeOver(at moment: Moment) {
        for (id, entry) in entries where entry.bar.until <= moment { entries[id] = nil }
    }

    /// The bars in force at a moment of the slower time, by their ends.
    package func inForce(at moment: Moment) -> [Bar] {
        entries.values.map(\.bar).filter { moment < $0.until }
            .sorted { ($0.until, $0.id) < ($1.until, $1.id) }
    }

    /// A bar that keeps a grant from opening at a moment of the slower time; the one that ends last.
    package func bar(of grant: RevocableGrant, at moment: Moment) -> Bar? {
        entries.values.lazy.filter { moment < $0.bar.until && $0.match.matches(grant) }
            .map(\.bar).max { ($0.until, $0.id) < ($1.until, $1.id) }
    }
}
