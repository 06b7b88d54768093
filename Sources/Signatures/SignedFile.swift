/// A grant file taken apart: what was signed, and the signatures, both still only bytes.
package struct SignedFile: Hashable, Sendable {
    /// A payload is at most this long, in bytes.
    package static let payloadLimit = 64 * 1024
    /// A file carries at most this many signatures.
    package static let signatureLimit = 16

    private static let begin = Array("-----BEGIN SSH SIGNATURE-----".utf8)
    private static let end = Array("-----END SSH SIGNATURE-----".utf8)

    /// Exactly the bytes before the first signature, their final line feed included.
    package let payload: [UInt8]
    /// The decoded content of each armored block.
    package let signatures: [[UInt8]]

    /// Takes a file apart; after the payload come whole armored blocks and nothing else.
    package init(splitting file: [UInt8]) throws(SignatureError) {
        guard !file.isEmpty else { throw SignatureError(.empty, "the file is empty") }
        let payload = Self.payload(of: file)
        guard payload.count <= Self.payloadLimit else {
            throw SignatureError(.tooLarge, "what is signed is longer than 64 KiB")
        }
        guard payload.count < file.count else {
            throw SignatureError(
                .unsigned,
                "there is no line `-----BEGIN SSH SIGNATURE-----`; sign it and append the signature,"
                    + " and end what is signed with a line feed"
            )
        }
        guard !payload.isEmpty else { throw SignatureError(.empty, "nothing is signed") }
        self.payload = Array(payload)
        signatures = try Self.blocks(file[payload.endIndex...])
    }

    private static func payload(of file: [UInt8]) -> ArraySlice<UInt8> {
        var start = file.startIndex
        while start < file.endIndex {
            let end = file[start...].firstIndex(of: UInt8(ascii: "\n")) ?? file.endIndex
            if file[start..<end].elementsEqual(begin) { return file[..<start] }
            start = end + 1
        }
        return file[...]
    }

    private static func blocks(_ armor: ArraySlice<UInt8>) throws(SignatureError) -> [[UInt8]] {
        var lines = armor.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)[
            ...
        ]
        guard lines.last?.isEmpty == true else {
            throw SignatureError(.malformed, "the last signature is cut short")
        }
        lines = lines.dropLast()
        var blocks: [[UInt8]] = []
        while let first = lines.popFirst() {
            let number = blocks.count + 1
            guard number <= signatureLimit else {
                throw SignatureError(.tooLarge, "there are more than 16 signatures")
            }
            guard first.elementsEqual(begin) else {
                throw SignatureError(.malformed, "there is something else after the signatures")
            }
            guard let last = lines.firstIndex(where: { $0.elementsEqual(end) }),
                let block = Base64.decode(Array(lines[..<last].joined()))
            else { throw SignatureError(.malformed, "signature \(number) is not whole armor") }
            lines = lines[(last + 1)...]
            blocks.append(block)
        }
        return blocks
    }
}
