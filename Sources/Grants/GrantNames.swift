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
