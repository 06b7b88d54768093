import Grants

/// The options of one line of allowed_signers: the purposes and times its key may sign for.
struct AllowedSignersOptions: Hashable, Sendable {
    /// True if the key is that of a certificate authority.
    private(set) var isAuthority = false
    /// The namespaces that the key may sign for; `nil` for any.
    private(set) var namespaces: PatternList?
    /// The first moment at which the key may sign.
    private(set) var validAfter: Moment?
    /// The last moment at which the key may sign.
    private(set) var validBefore: Moment?

    init() {}

    init(parsing text: String) throws(TextError) {
        for option in try Self.split(Array(text.utf8)) { try read(option) }
        if let validAfter, let validBefore, validBefore <= validAfter {
            throw TextError("valid-before is not later than valid-after")
        }
    }

    private mutating func read(_ option: ArraySlice<UInt8>) throws(TextError) {
        let parts = option.split(
            separator: UInt8(ascii: "="),
            maxSplits: 1,
            omittingEmptySubsequences: false
        )
        let name = String(decoding: parts[0], as: UTF8.self).lowercased()
        guard name != "cert-authority" else {
            guard parts.count == 1 else { throw TextError("cert-authority takes no value") }
            guard !isAuthority else { throw TextError("cert-authority is there twice") }
            return isAuthority = true
        }
        guard ["namespaces", "valid-after", "valid-before"].contains(name) else {
            throw TextError("\(name.debugDescription) is neither a key type nor an option")
        }
        guard parts.count == 2, let value = Self.quoted(parts[1]) else {
            throw TextError("\(name) needs a value in quotes, without quotes or backslashes in it")
        }
        switch name {
        case "namespaces": try Self.set(&namespaces, to: PatternList(parsing: value), name)
        case "valid-after": try Self.set(&validAfter, to: Self.time(value), name)
        default: try Self.set(&validBefore, to: Self.time(value), name)
        }
    }

    private static func set<Value>(
        _ field: inout Value?,
        to value: Value,
        _ name: String
    ) throws(TextError) {
        guard field == nil else { throw TextError("\(name) is there twice") }
        field = value
    }

    /// Splits at the commas that are not inside quotes.
    private static func split(_ text: [UInt8]) throws(TextError) -> [ArraySlice<UInt8>] {
        var isQuoted = false
        let options = text.split(omittingEmptySubsequences: false) { byte in
            if byte == UInt8(ascii: "\"") { isQuoted.toggle() }
            return byte == UInt8(ascii: ",") && !isQuoted
        }
        guard options.allSatisfy({ !$0.isEmpty }) else { throw TextError("an option is empty") }
        return options
    }

    private static func quoted(_ text: ArraySlice<UInt8>) -> String? {
        let quote = UInt8(ascii: "\"")
        guard text.count >= 2, text.first == quote, text.last == quote else { return nil }
        let inner = text.dropFirst().dropLast()
        guard !inner.contains(quote), !inner.contains(UInt8(ascii: "\\")) else { return nil }
        return String(decoding: inner, as: UTF8.self)
    }

    /// Reads `YYYYMMDDZ` or `YYYYMMDDHHMM[SS]Z`; without the Z it would depend on the time zone.
    private static func time(_ text: String) throws(TextError) -> Moment {
        let bytes = Array(text.utf8)
        let digits = bytes.dropLast()
        guard [8, 12, 14].contains(digits.count), bytes.last == 0x5A || bytes.last == 0x7A,
            digits.allSatisfy({ (0x30...0x39).contains($0) })
        else {
            throw TextError(
                "\(text.debugDescription) is not a UTC time such as 20261201Z or 202612011200Z"
            )
        }
        let all = digits + Array(repeating: 0x30, count: 14 - digits.count)
        let part = { (range: Range<Int>) in String(decoding: all[range], as: UTF8.self) }
        let date = [part(0..<4), part(4..<6), part(6..<8)].joined(separator: "-")
        let clock = [part(8..<10), part(10..<12), part(12..<14)].joined(separator: ":")
        let moment = try Moment(parsing: "\(date)T\(clock)Z")
        // ssh-keygen takes the epoch as no time at all.
        guard moment.microseconds > 0 else {
            throw TextError("\(text.debugDescription) is not later than 1970-01-01T00:00:00Z")
        }
        return moment
    }
}
