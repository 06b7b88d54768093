import Grants

/// One SSH signature in its armor: a marker, lines of base64, a marker (PROTOCOL.sshsig).
enum ArmoredBlock {
    static let begin = Array("-----BEGIN SSH SIGNATURE-----".utf8)
    static let end = Array("-----END SSH SIGNATURE-----".utf8)

    /// The longest block in bytes: the key and signature of RSA with 16384 bits need 6 KiB.
    static let sizeLimit = 8 * 1024
    /// The longest line in bytes; ssh-keygen breaks its lines at 70.
    private static let lineLimit = 76

    static let carriageReturn = SignatureError(
        .malformed,
        "lines of a signature end with a line feed alone, not with CR LF"
    )

    /// Removes one block from the front and decodes it; the rest stays.
    static func read(from armor: inout ArraySlice<UInt8>) throws(SignatureError) -> [UInt8] {
        guard try line(from: &armor).elementsEqual(begin) else {
            throw SignatureError(
                .malformed,
                "only `-----BEGIN SSH SIGNATURE-----` may follow here, and nothing between signatures"
            )
        }
        var text: [UInt8] = []
        while true {
            let next = try line(from: &armor)
            if next.elementsEqual(end) { break }
            guard (1...lineLimit).contains(next.count) else {
                throw SignatureError(
                    .malformed,
                    "a line of base64 has 1 to \(lineLimit) characters"
                )
            }
            text += next
            guard text.count <= sizeLimit else {
                throw SignatureError(.tooLarge, "it is longer than \(sizeLimit) bytes")
            }
        }
        guard !text.isEmpty, let content = Base64.decode(text) else {
            throw SignatureError(.malformed, "what is between its markers is not base64")
        }
        return content
    }

    /// Removes a line from the front, without its line feed.
    private static func line(
        from armor: inout ArraySlice<UInt8>
    ) throws(SignatureError) -> ArraySlice<UInt8> {
        guard let feed = armor.firstIndex(of: UInt8(ascii: "\n")) else {
            throw SignatureError(
                .malformed,
                "it is cut short; the file ends with the line `-----END SSH SIGNATURE-----`"
                    + " and a line feed"
            )
        }
        defer { armor = armor[(feed + 1)...] }
        guard armor[..<feed].last != UInt8(ascii: "\r") else { throw carriageReturn }
        return armor[..<feed]
    }
}
