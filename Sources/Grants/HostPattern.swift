extension HostPattern {
    private static let machinePrefix = "machine-id:"

    /// Reads a glob over host names, or `machine-id:` and 32 hex digits.
    package init(parsing text: String) throws(TextError) {
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

    /// Returns whether the pattern matches the host of this name and machine id.
    package func matches(hostname: String, machineID: String) -> Bool {
        switch self {
        case .machineID(let digits): digits == machineID.lowercased()
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
        }
    }
}
