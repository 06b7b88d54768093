extension GrantID {
    /// The places of the hyphens in a UUID.
    private static let hyphens: Set<Int> = [8, 13, 18, 23]

    /// Reads a UUID in its 8-4-4-4-12 form; letters may be of either case.
    package init(parsing text: String) throws(TextError) {
        var value: UInt128 = 0
        var isValid = text.utf8.count == 36
        for (index, byte) in text.utf8.prefix(37).enumerated() {
            if Self.hyphens.contains(index) {
                isValid = isValid && byte == UInt8(ascii: "-")
            } else if let digit = byte.hexadecimalDigit {
                value = value << 4 | UInt128(digit)
            } else {
                isValid = false
            }
        }
        guard isValid else {
            throw TextError(
                "`\(text)` is not a UUID such as 0b8a2f6e-5c1d-4f0e-9a43-2f1f6f0c7d11"
            )
        }
        self.init(value: value)
    }
}

extension GrantID: CustomStringConvertible {
    /// The UUID in lower case.
    package var description: String {
        let bytes = (0..<16).map { UInt8(truncatingIfNeeded: value >> (120 - 8 * UInt128($0))) }
        var digits = Array(bytes.hexadecimal.utf8)
        for place in Self.hyphens.sorted() { digits.insert(UInt8(ascii: "-"), at: place) }
        return String(decoding: digits, as: UTF8.self)
    }
}

extension UInt8 {
    /// The value of this ASCII character as a hex digit.
    fileprivate var hexadecimalDigit: UInt8? {
        switch self {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): self - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): self - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): self - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}

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
