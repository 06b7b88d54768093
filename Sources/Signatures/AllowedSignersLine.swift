import Grants

/// One line of allowed_signers: principals [options] keytype base64 [comment].
enum AllowedSignersLine {
    /// `nil` for an empty line or a comment.
    static func parse(_ line: String) throws(TextError) -> AllowedSigners.Entry? {
        var words = try words(of: line)[...]
        guard let principalText = words.popFirst(), !principalText.hasPrefix("#") else {
            return nil
        }
        let plain = unquoted(principalText)
        guard let principals = PatternList(plain) else {
            throw TextError("the principals \(plain.debugDescription) have an empty part")
        }
        var options = AllowedSignersOptions()
        if let word = words.first, !PublicKey.types.contains(word) {
            try options.parse(word)
            words = words.dropFirst()
        }
        guard let type = words.popFirst(), let text = words.popFirst() else {
            throw TextError("a line is: principals, options if any, key type, key in base64")
        }
        guard let blob = Base64.decode(Array(text.utf8)) else {
            throw TextError("the key is not base64")
        }
        try checkKey(blob, type: type)
        return AllowedSigners.Entry(
            principals: principals,
            principalText: plain,
            namespaces: options.namespaces,
            validAfter: options.validAfter,
            validBefore: options.validBefore,
            keyType: type,
            keyBlob: blob,
            line: line
        )
    }

    private static func checkKey(_ blob: [UInt8], type: String) throws(TextError) {
        var reader = WireReader(blob)
        guard reader.text() == type else {
            throw TextError("the key is not of type \(type.debugDescription), as the line says")
        }
        do {
            _ = try PublicKey(parsing: blob)
        } catch {
            throw TextError(error.description)
        }
    }

    static func unquoted(_ word: String) -> String {
        String(word.filter { $0 != "\"" })
    }

    /// Splits at blanks that are not inside quotes.
    private static func words(of line: String) throws(TextError) -> [String] {
        var words: [String] = []
        var word = ""
        var isQuoted = false
        for character in line {
            if character == "\"" { isQuoted.toggle() }
            if !isQuoted, character == " " || character == "\t" {
                if !word.isEmpty { words.append(word) }
                word = ""
            } else {
                word.append(character)
            }
            // A comment may hold anything, a lone quote too.
            if words.isEmpty, word == "#" { return ["#"] }
        }
        guard !isQuoted || words.count >= 3 else { throw TextError("a quote is not closed") }
        return word.isEmpty ? words : words + [word]
    }
}

/// The options of one line.
struct AllowedSignersOptions {
    private(set) var namespaces: PatternList?
    private(set) var validAfter: Moment?
    private(set) var validBefore: Moment?

    mutating func parse(_ text: String) throws(TextError) {
        for option in try split(text) {
            let parts = option.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let name = parts[0].lowercased()
            guard name != "cert-authority" else {
                throw TextError("cert-authority is not supported yet; list the keys themselves")
            }
            guard parts.count == 2, let value = Self.quoted(parts[1]) else {
                throw TextError("\(option.debugDescription) is not an option of allowed_signers")
            }
            switch name {
            case "namespaces": try set(&namespaces, to: PatternList(value), name)
            case "valid-after": try set(&validAfter, to: Self.time(value), name)
            case "valid-before": try set(&validBefore, to: Self.time(value), name)
            default: throw TextError("there is no option \(name.debugDescription)")
            }
        }
        if let validAfter, let validBefore, validBefore <= validAfter {
            throw TextError("valid-before is not later than valid-after")
        }
    }

    private func set<Value>(
        _ field: inout Value?,
        to value: Value?,
        _ name: String
    ) throws(TextError) {
        guard field == nil else { throw TextError("\(name) is there twice") }
        guard let value else { throw TextError("the value of \(name) is malformed") }
        field = value
    }

    private func split(_ text: String) throws(TextError) -> [String] {
        var options = [""]
        var isQuoted = false
        for character in text {
            if character == "\"" { isQuoted.toggle() }
            if character == ",", !isQuoted {
                options.append("")
            } else {
                options[options.count - 1].append(character)
            }
        }
        guard !options.contains("") else { throw TextError("an option is empty") }
        return options
    }

    private static func quoted(_ text: Substring) -> String? {
        guard text.count >= 2, text.hasPrefix("\""), text.hasSuffix("\"") else { return nil }
        let inner = text.dropFirst().dropLast()
        return inner.contains("\"") || inner.contains("\\") ? nil : String(inner)
    }

    /// `YYYYMMDDZ` or `YYYYMMDDHHMM[SS]Z`; without the Z it would depend on the host's time zone.
    private static func time(_ text: String) throws(TextError) -> Moment {
        let digits = Array(text.dropLast())
        guard let zone = text.last, zone == "Z" || zone == "z", [8, 12, 14].contains(digits.count)
        else {
            throw TextError(
                "\(text.debugDescription) is not a time such as 20261201Z or 202612011200Z"
            )
        }
        let all = digits + Array(repeating: "0", count: 14 - digits.count)
        let part = { (range: Range<Int>) in String(all[range]) }
        let date = [part(0..<4), part(4..<6), part(6..<8)].joined(separator: "-")
        let clock = [part(8..<10), part(10..<12), part(12..<14)].joined(separator: ":")
        return try Moment(parsing: "\(date)T\(clock)Z")
    }
}
