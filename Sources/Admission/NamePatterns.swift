package import Grants
import Signatures

/// Patterns of names as a policy lists them, such as `oncall-*`; case does not matter.
///
/// They mean what they mean in allowed_signers: a negated pattern that matches excludes the name, at
/// any place of the list.
package struct NamePatterns: Hashable, Sendable {
    /// The patterns as written, each of which may be a list itself.
    package let texts: [String]
    private let folded: PatternList

    package init(_ texts: [String]) throws(TextError) {
        self.texts = texts
        folded = try PatternList(parsing: texts.joined(separator: ",").lowercased())
    }

    package func matches(_ name: String) -> Bool { folded.matches(name.lowercased()) }

    /// True if no name can match, because other patterns exclude all that one could match.
    package var isContradictory: Bool {
        let excluded = folded.negated
        return positive.allSatisfy { part in
            excluded.contains { Self.pattern($0, covers: part) }
        }
    }

    /// The patterns that may match a name, in lower case.
    private var positive: [String] {
        texts.flatMap { $0.lowercased().utf8.split(separator: UInt8(ascii: ",")) }
            .map { String(decoding: $0, as: UTF8.self) }
            .filter { $0.utf8.first != UInt8(ascii: "!") }
    }

    /// Returns whether one pattern matches all that the other does, where that is easily seen.
    private static func pattern(_ wide: String, covers narrow: String) -> Bool {
        // As a text `*` is one character, which `?` matches.
        guard !wide.contains("?") || !narrow.contains("*") else { return false }
        return (try? PatternList(parsing: wide).matches(narrow)) ?? false
    }

    /// Returns whether each name that a list matches matches one of these, where that is easily seen.
    ///
    /// The list's exclusions count for nothing: they exclude one spelling only.
    func cover(_ list: PatternList) -> Bool {
        list.positive.allSatisfy { cover($0.lowercased(), except: []) }
    }

    /// Returns the same of other patterns of names.
    func cover(_ others: Self) -> Bool {
        let excluded = others.folded.negated
        return others.positive.allSatisfy { cover($0, except: excluded) }
    }

    /// Returns whether one of these matches all that a pattern does, and what is excluded here does not
    /// take of it more than is excluded there.
    private func cover(_ part: String, except excluded: [String]) -> Bool {
        guard let narrow = try? PatternList(parsing: part) else { return false }
        return positive.contains { Self.pattern($0, covers: part) }
            && folded.negated.allSatisfy { exclusion in
                excluded.contains { Self.pattern($0, covers: exclusion) }
                    || (try? PatternList(parsing: exclusion).overlaps(narrow)) == false
            }
    }

    /// Returns whether a name of the signer matches.
    ///
    /// A pattern in allowed_signers is no name, unless it matches as it is written.
    func name(_ signature: VerifiedSignature) -> Bool {
        signature.signer.names.contains(where: matches) || matches(signature.principal)
    }

    /// Returns whether the signer may have a name that matches, also by a pattern in allowed_signers or
    /// by a principal of a certificate that does not count.
    func mayName(_ signature: VerifiedSignature) -> Bool {
        name(signature) || mayName(signature.signer)
    }

    /// The same for a signer of allowed_signers who has not signed anything.
    func mayName(_ signer: SignerIdentity) -> Bool {
        signer.allNames.contains(where: matches) || signer.mayHaveName(in: folded)
    }
}

extension NamePatterns: CustomStringConvertible {
    package var description: String {
        texts.map(\.debugDescription).joined(separator: ", ")
    }
}
