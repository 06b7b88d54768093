/// The names and the key that distinguish a signer from other people.
package struct SignerIdentity: Hashable, Sendable {
    /// The fingerprint of the key, `SHA256:…`, as ssh-keygen -l prints it.
    package let fingerprint: String
    /// The plain names of all lines of allowed_signers that list the key; of a certified key the
    /// principals that its authority may certify.
    package let names: [String]
    /// These names, and others by which people are told apart: all principals of a certificate, and
    /// the names of lines that list a certified key by itself.
    package let allNames: [String]
    /// The names in lower case.
    private let foldedNames: Set<String>
    /// All names in lower case.
    private let foldedAllNames: Set<String>
    /// The principals of those lines that contain wildcards.
    private let patterns: [PatternList]
    /// The key id of the certificate; `nil` for a plain key.
    private let keyID: String?

    /// The signer with a key and with the names of these lines.
    init(fingerprint: String, names lists: [PatternList]) {
        let names = lists.flatMap(\.names)
        self.init(fingerprint, names: names, others: [], lines: lists, keyID: nil)
    }

    /// Somebody of whom no more than a name is known.
    package init(named name: String) {
        self.init("", names: [name], others: [], lines: [], keyID: nil)
    }

    /// The signer with a certified key; `lines` are those that list the key by itself, if any do.
    init(_ certificate: Certificate, certifiable: [String], lines: [PatternList]) {
        self.init(
            SSHSignature.fingerprint(of: certificate.keyBlob),
            names: certifiable,
            others: certificate.principals + lines.flatMap(\.names),
            lines: lines,
            keyID: certificate.keyID
        )
    }

    private init(
        _ fingerprint: String,
        names: [String],
        others: [String],
        lines: [PatternList],
        keyID: String?
    ) {
        self.fingerprint = fingerprint
        self.names = names
        allNames = names + others
        foldedNames = Set(names.map { $0.lowercased() })
        foldedAllNames = Set(allNames.map { $0.lowercased() })
        patterns = lines.filter(\.hasWildcard)
        self.keyID = keyID
    }

    /// All names, and the patterns of allowed_signers that stand for names.
    package var tracedNames: [String] { allNames + patterns.flatMap(\.wildcards) }

    /// Returns whether the signer has a name, in any case; wildcards do not count.
    package func isNamed(_ name: String) -> Bool { foldedNames.contains(name.lowercased()) }

    /// Returns whether both may be one person: by the key, by the key id of certificates, by a name,
    /// or because a pattern covers both.
    ///
    /// The relation is not transitive: a signer who shares a name with each of two others does not
    /// make those two one person.
    package func isSamePerson(as other: Self) -> Bool {
        !fingerprint.isEmpty && fingerprint == other.fingerprint
            || keyID != nil && keyID == other.keyID
            || !foldedAllNames.isDisjoint(with: other.foldedAllNames)
            || covers(other) || other.covers(self)
            || patterns.contains { list in other.patterns.contains(where: list.overlaps) }
    }

    /// Returns whether a pattern of this signer matches a name of the other.
    private func covers(_ other: Self) -> Bool {
        patterns.contains { other.allNames.contains(where: $0.mayMean) }
    }
}

extension SignerIdentity {
    /// Returns whether a name that a wildcard of the signer matches may match a list, in any case.
    package func mayHaveName(in list: PatternList) -> Bool {
        patterns.contains { $0.overlaps(list) }
    }
}
