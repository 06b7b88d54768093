/// The names and the key that distinguish a signer from other people.
package struct SignerIdentity: Hashable, Sendable {
    /// The fingerprint of the key, `SHA256:…`, as ssh-keygen -l prints it.
    package let fingerprint: String
    /// The plain names of all lines of allowed_signers that list the key.
    package let names: [String]
    /// The names in lower case.
    private let foldedNames: Set<String>
    /// The principals of those lines that contain wildcards.
    private let patterns: [PatternList]

    /// The signer with a key and with the names of these lines.
    init(fingerprint: String, names lists: [PatternList]) {
        self.fingerprint = fingerprint
        names = lists.flatMap(\.names)
        foldedNames = Set(names.map { $0.lowercased() })
        patterns = lists.filter(\.hasWildcard)
    }

    /// Returns whether the signer has a name, in any case; wildcards do not count.
    package func isNamed(_ name: String) -> Bool { foldedNames.contains(name.lowercased()) }

    /// Returns whether both may be one person: by the key, by a name, or because a pattern covers
    /// both.
    ///
    /// The relation is not transitive: a signer who shares a name with each of two others does not
    /// make those two one person.
    package func isSamePerson(as other: Self) -> Bool {
        fingerprint == other.fingerprint
            || !foldedNames.isDisjoint(with: other.foldedNames)
            || covers(other) || other.covers(self)
            || patterns.contains { list in other.patterns.contains(where: list.overlaps) }
    }

    /// Returns whether a pattern of this signer matches a name of the other.
    private func covers(_ other: Self) -> Bool {
        patterns.contains { other.names.contains(where: $0.mayMean) }
    }
}

extension SignerIdentity {
    /// Returns whether a name that a wildcard of the signer matches may match a list, in any case.
    package func mayHaveName(in list: PatternList) -> Bool {
        patterns.contains { $0.overlaps(list) }
    }
}
