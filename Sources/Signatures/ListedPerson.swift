package import Grants

/// A key or an authority of allowed_signers with all its lines: a person, as the hub sees them.
package struct ListedPerson: Sendable {
    private let lines: [AllowedSigner]
    private let isAuthority: Bool
    package let identity: SignerIdentity

    init(_ key: ListedKey, isAuthority: Bool) {
        lines = key.lines
        identity = key.signer
        self.isAuthority = isAuthority
    }

    /// The first plain name; of a line with patterns alone the patterns, as they are written.
    package var name: String { lines.first?.principal ?? identity.fingerprint }

    /// Returns whether a line has this name; of an authority, whether it certifies the name.
    package func isNamed(_ name: String) -> Bool { lines.contains { has(name, $0) } }

    /// Returns whether a line with this name allows a namespace at a moment.
    package func may(_ namespace: String, named name: String, at now: Moment) -> Bool {
        lines.contains { line in
            has(name, line) && line.lapse(at: now) == nil && line.allows(namespace)
        }
    }

    private func has(_ name: String, _ line: AllowedSigner) -> Bool {
        isAuthority ? !line.certifiable([name]).isEmpty : line.principal == name
    }
}

extension AllowedSigner {
    /// Returns whether the line names a namespace; only those of old are there without being named.
    fileprivate func allows(_ namespace: String) -> Bool {
        if let options = options.namespaces { return options.matches(namespace) }
        return SignatureNamespace(rawValue: namespace)?.isImplied ?? false
    }
}

extension AllowedSigners {
    /// All keys and authorities, by their fingerprints.
    package var people: [String: ListedPerson] {
        let keys = listed.map { ListedPerson($0, isAuthority: false) }
        let authorities = listedAuthorities.map { ListedPerson($0, isAuthority: true) }
        return Dictionary((keys + authorities).map { ($0.identity.fingerprint, $0) }) { key, _ in
            key
        }
    }
}
