/// Reads the values that stand without quotes: integers, booleans, and types that no setting has.
enum TOMLScalarReader {
    static func read(
        _ cursor: inout TOMLCursor
    ) throws(TOMLProblem) -> TOMLValue {
        let position = cursor.position
        let start = cursor.offset
        cursor.skip { $0.isBareKeyByte || "+.:".utf8.contains($0) }
        let word = cursor.text(from: start)
        guard let setting = setting(word) else {
            throw TOMLProblem(
                at: position,
                word.isEmpty ? "a value is missing" : "\(word.prefix(80)) is no value",
                "text stands in quotes"
            )
        }
        if case .other("date") = setting { skipTime(&cursor) }
        return setting
    }

    private static func setting(_ word: String) -> TOMLValue? {
        if word == "true" || word == "false" { return .boolean(word == "true") }
        if let number = integer(word) { return .integer(number) }
        let unsigned = word.drop { $0 == "+" || $0 == "-" }
        if unsigned == "inf" || unsigned == "nan" { return .other("fraction") }
        guard unsigned.utf8.first.map(isDigit) ?? false else { return nil }
        if isDate(word) { return .other("date") }
        if word.contains(":") { return .other("time") }
        if word.utf8.allSatisfy({ isDigit($0) || "+-_".utf8.contains($0) }) {
            return .other("number out of range or misspelled")
        }
        return word.contains(where: { ".eE".contains($0) }) ? .other("fraction") : nil
    }

    /// A decimal integer, or one with `0x`, `0o` or `0b`; `_` may stand between digits.
    private static func integer(_ word: String) -> Int? {
        let radixes = ["0x": 16, "0o": 8, "0b": 2]
        let radix = radixes[String(word.prefix(2))]
        let isSigned = word.hasPrefix("+") || word.hasPrefix("-")
        let digits = word.dropFirst(radix != nil ? 2 : isSigned ? 1 : 0)
        let groups = digits.split(separator: "_", omittingEmptySubsequences: false)
        guard groups.allSatisfy({ !$0.isEmpty && !$0.hasPrefix("+") && !$0.hasPrefix("-") }) else {
            return nil
        }
        guard radix != nil || digits == "0" || !digits.hasPrefix("0") else { return nil }
        return Int((word.hasPrefix("-") ? "-" : "") + groups.joined(), radix: radix ?? 10)
    }

    /// `1979-05-27`, whatever follows.
    private static func isDate(_ word: String) -> Bool {
        let bytes = Array(word.utf8.prefix(10))
        return bytes.count == 10
            && bytes.enumerated().allSatisfy { offset, byte in
                offset == 4 || offset == 7 ? byte == UInt8(ascii: "-") : isDigit(byte)
            }
    }

    /// The time of a date may stand behind one blank.
    private static func skipTime(_ cursor: inout TOMLCursor) {
        var ahead = cursor
        guard ahead.skip(" "), ahead.current.map(isDigit) ?? false else { return }
        ahead.skip { $0.isBareKeyByte || "+.:".utf8.contains($0) }
        cursor = ahead
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }
}
