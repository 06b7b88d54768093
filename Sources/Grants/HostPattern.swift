extension HostPattern {
    private static let machinePrefix = "machine-id:"
    private static let labelPrefix = "label:"

    /// Reads a glob over host names, `machine-id:` and 32 hex digits, or `label:` and labels.
    package init(parsing text: String) throws(TextError) {
        try self.init(parsing: text, under: .current)
    }

    /// Reads one as a version of the rules does: labels are known since the third.
    package init(parsing text: String, under rules: RulesVersion) throws(TextError) {
        if text.utf8.starts(with: Self.labelPrefix.utf8), rules >= .third {
            self = .labels(try Self.labels(text))
            return
        }
        if text.hasPrefix(Self.machinePrefix) {
            let digits = text.dropFirst(Self.machinePrefix.count).lowercased()
            let isHex = digits.utf8.allSatisfy { Character(Unicode.Scalar($0)).isHexDigit }
            guard digits.utf8.count == 32, isHex else {
                throw TextError("`\(text)` is not machine-id: and 32 hex digits")
            }
            self = .machineID(digits)
            return
        }
        let allowed = text.utf8.allSatisfy { byte in
            let scalar = Unicode.Scalar(byte)
            return byte < 0x80
                && (scalar.properties.isAlphabetic || "0123456789.-_*?".utf8.contains(byte))
        }
        guard (1...253).contains(text.utf8.count), allowed else {
            throw TextError(
                "`\(text.debugDescription)` is not a host name; letters, digits, . - _ and * ? are"
            )
        }
        self = .name(text.lowercased())
    }

    /// Reads the labels behind `label:`, each name once.
    private static func labels(_ text: String) throws(TextError) -> [String: String] {
        var labels: [String: String] = [:]
        let list = text.utf8.dropFirst(labelPrefix.utf8.count)
        for part in list.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false) {
            let words = part.split(separator: UInt8(ascii: "="), omittingEmptySubsequences: false)
                .map { String(decoding: $0, as: UTF8.self) }
            guard words.count == 2, words.allSatisfy(HostLabel.isWord) else {
                throw TextError(
                    "`\(text.debugDescription)` is not label: and labels such as env=prod,role=db;"
                        + " \(HostLabel.grammar)"
                )
            }
            guard labels.updateValue(words[1], forKey: words[0]) == nil else {
                throw TextError("the label `\(words[0])` is there twice")
            }
        }
        return labels
    }

    /// Returns whether the pattern matches the host of this name, machine id and labels.
    package func matches(
        hostname: String,
        machineID: String,
        labels: [String: String] = [:]
    ) -> Bool {
        switch self {
        case .machineID(let digits): digits == machineID.lowercased()
        case .labels(let wanted): wanted.allSatisfy { labels[$0.key] == $0.value }
        case .name(let pattern):
            Self.glob(Array(pattern.utf8), matches: Array(hostname.lowercased().utf8))
        }
    }

    /// Matches `*` and `?`, backtracking to the last `*` alone: O(pattern × text) at worst.
    private static func glob(_ pattern: [UInt8], matches text: [UInt8]) -> Bool {
        var (patternIndex, textIndex) = (0, 0)
        var retry: (pattern: Int, text: Int)?
        while textIndex < text.count {
            let symbol = patternIndex < pattern.count ? pattern[patternIndex] : nil
            if symbol == UInt8(ascii: "*") {
                retry = (patternIndex + 1, textIndex)
                patternIndex += 1
            } else if symbol == text[textIndex] || symbol == UInt8(ascii: "?") {
                patternIndex += 1
                textIndex += 1
            } else if let last = retry {
                retry = (last.pattern, last.text + 1)
                (patternIndex, textIndex) = (last.pattern, last.text + 1)
            } else {
                return false
            }
        }
        return pattern[patternIndex...].allSatisfy { $0 == UInt8(ascii: "*") }
    }
}

extension HostPattern: CustomStringConvertible {
    package var description: String {
        switch self {
        case .name(let pattern): pattern
        case .machineID(let digits): Self.machinePrefix + digits
        case .labels(let labels): Self.labelPrefix + HostLabel.text(of: labels)
        }
    }
}

/// The grammar of host labels, in grants and in policies.
package enum HostLabel {
    package static let grammar = "a name and a value have 1 to 63 of a-z, 0-9, . _ and -"

    /// Returns whether a text can be the name or the value of a label.
    package static func isWord(_ text: String) -> Bool {
        (1...63).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
                    || "0123456789.-_".utf8.contains(byte)
            }
    }

    /// The labels in one order: `env=prod,role=db`.
    package static func text(of labels: [String: String]) -> String {
        labels.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: ",")
    }
}
