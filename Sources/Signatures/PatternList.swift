package import Grants

/// A list of OpenSSH patterns (ssh_config(5), PATTERNS): a negated match loses, wherever it stands.
package struct PatternList: Hashable, Sendable {
    private struct Pattern: Hashable, Sendable {
        let isNegated: Bool
        let text: [UInt8]

        var isPlain: Bool { !text.contains { $0 == UInt8(ascii: "*") || $0 == UInt8(ascii: "?") } }
    }

    /// OpenSSH's buffer for one pattern; a longer one matches nothing there.
    private static let lengthLimit = 1023

    private let patterns: [Pattern]

    /// Reads `pattern,!pattern,…`, byte for byte as OpenSSH does.
    package init(parsing list: String) throws(TextError) {
        let parts = Array(list.utf8).split(
            separator: UInt8(ascii: ","),
            omittingEmptySubsequences: false
        )
        patterns = parts.map { part in
            let isNegated = part.first == UInt8(ascii: "!")
            return Pattern(isNegated: isNegated, text: Array(isNegated ? part.dropFirst() : part))
        }
        guard patterns.allSatisfy({ (1...Self.lengthLimit).contains($0.text.count) }) else {
            throw TextError(
                "a part of \(list.debugDescription) is empty or longer than \(Self.lengthLimit) bytes"
            )
        }
    }

    /// The first pattern that is a plain name and that the list as a whole matches.
    var firstName: String? {
        patterns.lazy
            .filter { !$0.isNegated && $0.isPlain && matches($0.text) }
            .map { String(decoding: $0.text, as: UTF8.self) }
            .first
    }

    /// Whether it is plain that no name at all matches: what is not negated is, by the rest.
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
}
