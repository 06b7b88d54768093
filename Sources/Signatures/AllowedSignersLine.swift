import Grants

/// One line of allowed_signers: principals [options] keytype base64 [comment].
///
/// Works on bytes: a quote and a combining mark are one character in Swift, two in ssh-keygen.
struct AllowedSignersLine {
    private var rest: ArraySlice<UInt8>

    /// Parses a line; `nil` for an empty line or a comment.
    static func parse(_ bytes: ArraySlice<UInt8>) throws(TextError) -> AllowedSigner? {
        let content = bytes.last == UInt8(ascii: "\r") ? bytes.dropLast() : bytes
        let text = try text(of: content)
        var line = Self(rest: content)
        line.skipBlanks()
        guard let first = line.rest.first, first != UInt8(ascii: "#") else { return nil }
        return try line.entry(text)
    }

    private static func text(of line: ArraySlice<UInt8>) throws(TextError) -> String {
        guard let text = String(validating: line, as: UTF8.self) else {
            throw TextError("this is not UTF-8")
        }
        guard !line.starts(with: [0xEF, 0xBB, 0xBF]) else {
            throw TextError("it starts with a byte order mark; save the file without one")
        }
        guard line.allSatisfy({ $0 >= 0x20 && $0 != 0x7F || $0 == UInt8(ascii: "\t") }) else {
            throw TextError("a control character is in it")
        }
        return text
    }

    private mutating func entry(_ line: String) throws(TextError) -> AllowedSigner {
        let principalText = try Self.unquoted(try word())
        let principals = try PatternList(parsing: principalText)
        guard !principals.matchesNothing else {
            throw TextError("the principals \(principalText.debugDescription) match nobody")
        }
        var type = try word()
        var options = AllowedSignersOptions()
        if !PublicKey.types.contains(type) {
            options = try Self.options(type)
            type = try word()
        }
        let blob = try Self.blob(try word(), type: type, isAuthority: options.isAuthority)
        let key = try Self.key(blob, type: type)
        guard !options.isAuthority || !key.isPasskey else {
            throw TextError("a passkey cannot be a certificate authority; list another key")
        }
        return AllowedSigner(
            principals: principals,
            principalText: principalText,
            options: options,
            key: key,
            keyType: type,
            keyBlob: blob,
            line: line
        )
    }

    private mutating func skipBlanks() {
        rest = rest.drop(while: Self.isBlank)
    }

    private static func isBlank(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t")
    }

    /// Removes a word from the front; white space inside quotes belongs to the word.
    private mutating func word() throws(TextError) -> String {
        skipBlanks()
        var isQuoted = false
        var end = rest.startIndex
        while end < rest.endIndex, isQuoted || !Self.isBlank(rest[end]) {
            if rest[end] == UInt8(ascii: "\"") { isQuoted.toggle() }
            end += 1
        }
        guard !isQuoted else { throw TextError("a quote is not closed") }
        guard end > rest.startIndex else {
            throw TextError("a line is: principals, options if any, key type, key in base64")
        }
        defer { rest = rest[end...] }
        return String(decoding: rest[..<end], as: UTF8.self)
    }

    /// Removes quotes, which must enclose all principals or none, so that all readers agree.
    private static func unquoted(_ word: String) throws(TextError) -> String {
        let quote = UInt8(ascii: "\"")
        var bytes = Array(word.utf8)[...]
        if bytes.first == quote, bytes.last == quote, bytes.count >= 2 {
            bytes = bytes.dropFirst().dropLast()
        }
        guard !bytes.contains(quote) else {
            throw TextError("quotes must go around all of the principals, not a part of them")
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Reads a word at the place of the options or the key type.
    private static func options(_ word: String) throws(TextError) -> AllowedSignersOptions {
        if PublicKey.isCertificateType(word) { throw certificate }
        if word.utf8.starts(with: "ssh-".utf8) || word.utf8.starts(with: "ecdsa-".utf8) {
            throw TextError("keys of type \(word.debugDescription) are not supported")
        }
        return try AllowedSignersOptions(parsing: word)
    }

    /// ssh-keygen accepts such a line for any principal that it names, even once the certificate has
    /// expired.
    private static let certificate = TextError(
        "a certificate is not listed itself; list the key of its CA with cert-authority"
    )

    private static func blob(
        _ text: String,
        type: String,
        isAuthority: Bool
    ) throws(TextError) -> [UInt8] {
        guard !PublicKey.isCertificateType(type) else {
            throw isAuthority
                ? TextError("a CA is a plain key, not one that is certified itself") : certificate
        }
        guard PublicKey.types.contains(type) else {
            throw TextError("keys of type \(type.debugDescription) are not supported")
        }
        guard let blob = Base64.decode(Array(text.utf8)) else {
            throw TextError("the key is not base64")
        }
        return blob
    }

    private static func key(_ blob: [UInt8], type: String) throws(TextError) -> PublicKey {
        guard PublicKey.type(of: blob) == type else {
            throw TextError("the key is not of type \(type.debugDescription), as the line says")
        }
        do {
            return try PublicKey(parsing: blob)
        } catch {
            throw TextError(error.description)
        }
    }
}
