package import Grants

/// A list of OpenSSH patterns (ssh_config(5), PATTERNS): a negated match rejects, at any place.
package struct PatternList: Hashable, Sendable {
    private struct Pattern: Hashable, Sendable {
        let isNegated: Bool
        let text: [UInt8]
        /// The pattern in lower case.
        let folded: [UInt8]

        init(_ text: ArraySlice<UInt8>) {
            isNegated = text.first == UInt8(ascii: "!")
            self.text = Array(isNegated ? text.dropFirst() : text)
            folded = PatternList.fold(self.text)
        }

        var isPlain: Bool { !text.contains { $0 == UInt8(ascii: "*") || $0 == UInt8(ascii: "?") } }
    }

    /// The size of OpenSSH's buffer for one pattern, which matches nothing if it is longer.
    private static let lengthLimit = 1023

    private let patterns: [Pattern]

    /// Reads `pattern,!pattern,…`, byte for byte as OpenSSH does.
    package init(parsing list: String) throws(TextError) {
        let parts = Array(list.utf8).split(
            separator: UInt8(ascii: ","),
            omittingEmptySubsequences: false
        )
        patterns = parts.map(Pattern.init)
        guard patterns.allSatisfy({ (1...Self.lengthLimit).contains($0.text.count) }) else {
            throw TextError(
                "a part of \(list.debugDescription) is empty or longer than \(Self.lengthLimit) bytes"
            )
        }
    }

    /// A list of one name that has no wildcard.
    init(name: String) {
        patterns = [Pattern(Array(name.utf8)[...])]
    }

    /// The patterns that are plain names and that the list as a whole matches.
    var names: [String] {
        patterns.lazy
            .filter { !$0.isNegated && $0.isPlain && matches($0.text) }
            .map { String(decoding: $0.text, as: UTF8.self) }
    }

    /// The patterns that may match several names, as written.
    var wildcards: [String] {
        patterns.lazy.filter { !$0.isNegated && !$0.isPlain }
            .map { String(decoding: $0.text, as: UTF8.self) }
    }

    /// The patterns that exclude what they match, as written without the `!`.
    package var negated: [String] {
        patterns.lazy.filter(\.isNegated).map { String(decoding: $0.text, as: UTF8.self) }
    }

    /// The patterns that may match a name.
    package var positive: [String] { names + wildcards }

    /// Returns whether a text is a name that a list could contain, without wildcards.
    package static func isPlainName(_ text: String) -> Bool {
        !text.isEmpty && text.first != "!"
            && !text.utf8.contains { byte in
                [UInt8(ascii: "*"), UInt8(ascii: "?"), UInt8(ascii: ",")].contains(byte)
            }
    }

    var firstName: String? { names.first }

    /// True if a pattern of the list may match several names.
    var hasWildcard: Bool { patterns.contains { !$0.isNegated && !$0.isPlain } }

    /// True if the list can match no name: it has no wildcard, and negation rejects its plain
    /// names.
    var matchesNothing: Bool {
        firstName == nil && patterns.allSatisfy { $0.isNegated || $0.isPlain }
    }

    package func matches(_ name: String) -> Bool {
        matches(Array(name.utf8))
    }

    private func matches(_ name: [UInt8]) -> Bool {
        let hits = patterns.filter { Self.glob($0.text, matches: name) }
        return !hits.isEmpty && !hits.contains(where: \.isNegated)
    }

    /// Matches a name in any case.
    ///
    /// A negated pattern excludes only the name in its exact case.
    func mayMean(_ name: String) -> Bool {
        let (exact, folded) = (Array(name.utf8), Self.fold(Array(name.utf8)))
        return patterns.contains { !$0.isNegated && Self.glob($0.folded, matches: folded) }
            && !patterns.contains { $0.isNegated && Self.glob($0.text, matches: exact) }
    }

    /// Returns whether some name matches a pattern of each list, in any case; negated patterns are
    /// ignored.
    package func overlaps(_ other: Self) -> Bool {
        let (own, others) = (patterns, other.patterns.filter { !$0.isNegated })
        return own.contains { pattern in
            !pattern.isNegated
                && others.contains { Self.glob(pattern.folded, overlaps: $0.folded) }
        }
    }

    private static func fold(_ text: [UInt8]) -> [UInt8] {
        Array(String(decoding: text, as: UTF8.self).lowercased().utf8)
    }

    /// Matches `*` and `?`, row by row: O(pattern × text) whatever the pattern.
    private static func glob(_ pattern: [UInt8], matches text: [UInt8]) -> Bool {
        var row = [true] + [Bool](repeating: false, count: text.count)
        for symbol in pattern {
            var above = row[0]
            row[0] = row[0] && symbol == UInt8(ascii: "*")
            for index in text.indices {
                let diagonal = above
                above = row[index + 1]
                row[index + 1] =
                    symbol == UInt8(ascii: "*")
                    ? above || row[index]
                    : diagonal && (symbol == UInt8(ascii: "?") || symbol == text[index])
            }
        }
        return row[text.count]
    }

    /// Returns whether some text matches both patterns, in the same way: each cell compares two
    /// prefixes.
    private static func glob(_ left: [UInt8], overlaps right: [UInt8]) -> Bool {
        let (star, any) = (UInt8(ascii: "*"), UInt8(ascii: "?"))
        var row = [true]
        for symbol in right { row.append(row[row.count - 1] && symbol == star) }
        for symbol in left {
            var above = row[0]
            row[0] = row[0] && symbol == star
            for (index, other) in right.enumerated() {
                let diagonal = above
                above = row[index + 1]
                row[index + 1] =
                    symbol == star || other == star
                    ? above || row[index]
                    : diagonal && (symbol == any || other == any || symbol == other)
            }
        }
        return row[right.count]
    }
}
