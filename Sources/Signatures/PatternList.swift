/// A list of OpenSSH patterns (ssh_config(5), PATTERNS): a negated match loses, wherever it stands.
package struct PatternList: Hashable, Sendable {
    private struct Pattern: Hashable, Sendable {
        let isNegated: Bool
        let text: [UInt8]
    }

    private let patterns: [Pattern]

    /// Reads `pattern,!pattern,…`; `nil` if a part is empty.
    init?(_ list: String) {
        let parts = list.split(separator: ",", omittingEmptySubsequences: false)
        patterns = parts.map { part in
            Pattern(isNegated: part.hasPrefix("!"), text: Array(part.drop { $0 == "!" }.utf8))
        }
        guard patterns.allSatisfy({ !$0.text.isEmpty }) else { return nil }
    }

    /// The first pattern that is a plain name.
    var firstName: String? {
        let wild = Set("*?".utf8)
        let plain = patterns.first { !$0.isNegated && wild.isDisjoint(with: $0.text) }
        return plain.map { String(decoding: $0.text, as: UTF8.self) }
    }

    package func matches(_ name: String) -> Bool {
        let name = Array(name.utf8)
        let hits = patterns.filter { Self.glob($0.text, matches: name) }
        return hits.contains { !$0.isNegated } && !hits.contains(where: \.isNegated)
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
