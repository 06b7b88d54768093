/// The mistake in a text, as one clause that says what would be right.
package struct TextError: Error, Hashable, Sendable, CustomStringConvertible {
    package let description: String

    package init(_ description: String) {
        self.description = description
    }
}

extension StringProtocol {
    /// The text as a decimal number without sign, blanks or leading zeros.
    func decimal<Number: FixedWidthInteger>(as type: Number.Type = Number.self) -> Number? {
        guard !isEmpty, utf8.allSatisfy((UInt8(ascii: "0")...UInt8(ascii: "9")).contains),
            utf8.count == 1 || utf8.first != UInt8(ascii: "0")
        else { return nil }
        return Number(self)
    }
}
