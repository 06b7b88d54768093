/// The names and the key by which a signer is told apart from another person.
package struct SignerIdentity: Hashable, Sendable {
    /// `SHA256:…`, as ssh-keygen -l prints it.
    package let fingerprint: String
    /// The plain names of all lines of allowed_signers that hold the key.
    let names: [String]
    /// The same without regard to case.
    private let foldedNames: Set<String>
    /// The lists of names of those lines, as far as they have patterns.
    private let patterns: [PatternList]

    /// The signer with a key and with the names of these lines.
    init(fingerprint: String, names lists: [PatternList]) {
        self.fingerprint = fingerprint
        names = lists.flatMap(\.names)
        foldedNames = Set(names.map { $0.lowercased() })
        patterns = lists.filter(\.hasWildcard)
    }

    /// Looks for a name among the signer's, without regard to case; no pattern stands for one.
    package func isNamed(_ name: String) -> Bool { foldedNames.contains(name.lowercased()) }

    /// Tells whether both may be one person: by the key, by a name, or as a pattern covers both.
    ///
    /// That does not carry over: a colleague of two people with a name in common with each makes
    /// those two no one person.
    package func isSamePerson(as other: Self) -> Bool {
        fingerprint == other.fingerprint
            || !foldedNames.isDisjoint(with: other.foldedNames)
            || covers(other) || other.covers(self)
            || patterns.contains { list in other.patterns.contains(where: list.overlaps) }
    }

    /// Looks for a pattern of this signer's that matches a name of the other's.
    private func covers(_ other: Self) -> Bool {
        patterns.contains { other.names.contains(where: $0.mayMean) }
    }
}
