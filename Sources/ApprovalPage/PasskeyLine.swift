import Grants
package import Signatures

/// A line of allowed_signers whose key is a passkey that a browser can be asked for
/// (docs/PROTOCOL.page, section 6).
package struct PasskeyLine: Hashable, Sendable {
    /// The reason that the parts of a line make none.
    package struct Malformed: Error, Hashable, Sendable, CustomStringConvertible {
        package let description: String

        init(_ description: String) { self.description = description }
    }

    static let keyType = "sk-ecdsa-sha2-nistp256@openssh.com"
    static let mark = "credential="
    /// WebAuthn's own limit of an id.
    static let credentialLimit = 1023

    /// The principals as they stand in the line.
    package let name: String
    /// The public key in wire form.
    package let key: [UInt8]
    /// The credential's id in base64url.
    package let credential: String
    /// The line as written.
    package let text: String

    /// Reads a line; `nil` if it is anything else, or has no `credential=` in its comment.
    init?(reading text: Substring) {
        let words = Self.words(text)
        guard let place = words.firstIndex(of: Substring(Self.keyType)), (1...2).contains(place),
            words.count > place + 1,
            let key = Base64.decode(Array(words[place + 1].utf8)),
            let mark = words[(place + 2)...].first(where: { $0.hasPrefix(Self.mark) })
        else { return nil }
        let credential = mark.dropFirst(Self.mark.count)
        guard Self.isCredential(credential) else { return nil }
        name = words[0].filter { $0 != "\"" }
        self.key = key
        self.credential = String(credential)
        self.text = String(text)
    }

    /// Makes the line of a new passkey from a browser's answer; it must read back as the same.
    package init(
        name: String,
        key: [UInt8],
        credential: String
    ) throws(Malformed) {
        guard SignerName.isPlain(name) else {
            throw Malformed("a name \(SignerName.rule)")
        }
        guard Self.isCredential(credential[...]) else {
            throw Malformed("the credential's id is not base64url of 1 to 1023 bytes")
        }
        let text =
            "\(name) namespaces=\"\(SignatureNamespace.grant.rawValue)\" \(Self.keyType)"
            + " \(Base64.encode(key)) \(Self.mark)\(credential)"
        do throws(AllowedSignersError) {
            _ = try AllowedSigners(parsing: Array(text.utf8))
        } catch {
            throw Malformed("the key cannot stand in allowed_signers: \(error.reason)")
        }
        guard let line = Self(reading: text[...]), line.name == name else {
            throw Malformed("the key cannot stand in allowed_signers")
        }
        self = line
    }

    /// The lines of a file that may sign in a namespace; the file is known to be well-formed.
    package static func lines(
        of file: [UInt8],
        for namespace: SignatureNamespace
    ) -> [PasskeyLine] {
        String(decoding: file, as: UTF8.self).split(whereSeparator: \.isNewline)
            .compactMap { PasskeyLine(reading: $0) }
            .filter { $0.signers?.allowsAny(for: namespace) ?? false }
    }

    private var signers: AllowedSigners? { try? AllowedSigners(parsing: Array(text.utf8)) }

    /// Returns whether a name, without regard to case, is one of the line's.
    package func isNamed(_ name: String) -> Bool {
        signers?.names.contains { $0.lowercased() == name.lowercased() } ?? false
    }

    /// The RP ID: the application in the key, its last string.
    package var application: String? {
        var rest = key[...]
        var last: ArraySlice<UInt8>?
        while !rest.isEmpty {
            let count = rest.prefix(4).reduce(0) { $0 << 8 | Int($1) }
            guard rest.count >= 4 + count else { return nil }
            last = rest.dropFirst(4).prefix(count)
            rest = rest.dropFirst(4 + count)
        }
        return last.flatMap { String(validating: $0, as: UTF8.self) }
    }

    /// Returns whether a signature (an SSHSIG, without its armor) is by this key.
    package func made(_ signature: [UInt8]) -> Bool {
        let count = (0..<4).reversed().map { UInt8(truncatingIfNeeded: key.count >> ($0 * 8)) }
        return signature.starts(with: Array("SSHSIG".utf8) + [0, 0, 0, 1] + count + key)
    }

    private static func isCredential(_ text: Substring) -> Bool {
        (1...(credentialLimit * 4 / 3 + 1)).contains(text.utf8.count)
            && text.utf8.allSatisfy {
                switch $0 {
                case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x5F: true
                default: false
                }
            }
    }

    /// The words of a line; blanks between quotes belong to a word.
    private static func words(_ text: Substring) -> [Substring] {
        var isQuoted = false
        return text.split { character in
            if character == "\"" { isQuoted.toggle() }
            return !isQuoted && (character == " " || character == "\t" || character == "\r")
        }
    }
}
