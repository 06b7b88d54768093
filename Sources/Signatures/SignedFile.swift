/// A grant file split into its payload and signatures, both still only bytes.
///
/// docs/PROTOCOL.grant, section 1.
package struct SignedFile: Hashable, Sendable {
    /// The longest payload in bytes.
    package static let payloadLimit = 64 * 1024
    /// The most signatures in a file.
    package static let signatureLimit = 16
    /// The longest file in bytes: the payload and each signature at their longest.
    package static let sizeLimit = payloadLimit + signatureLimit * ArmoredBlock.sizeLimit

    /// The bytes before the first signature, with their final line feed.
    package let payload: [UInt8]
    /// The decoded content of each armored block, in the order of the file; never empty.
    package let signatures: [[UInt8]]

    /// Splits a file; only whole armored blocks may follow the payload.
    package init(splitting file: [UInt8]) throws(SignatureError) {
        guard !file.isEmpty else { throw SignatureError(.empty, "the file is empty") }
        guard file.count <= Self.sizeLimit else {
            throw SignatureError(.tooLarge, "the file is longer than \(Self.sizeLimit) bytes")
        }
        guard let start = Self.firstBlock(in: file) else { throw Self.unsigned(file) }
        guard start > 0 else {
            throw SignatureError(.empty, "there is nothing before the first signature")
        }
        guard start <= Self.payloadLimit else {
            throw SignatureError(
                .tooLarge,
                "what is signed is \(start) bytes long; at most \(Self.payloadLimit) are allowed"
            )
        }
        payload = Array(file[..<start])
        signatures = try Self.blocks(of: file[start...])
    }

    /// The start of the first line that is exactly the marker.
    private static func firstBlock(in file: [UInt8]) -> Int? {
        var start = 0
        while start < file.count {
            let end = file[start...].firstIndex(of: UInt8(ascii: "\n")) ?? file.endIndex
            if file[start..<end].elementsEqual(ArmoredBlock.begin) { return start }
            start = end + 1
        }
        return nil
    }

    private static func blocks(of armor: ArraySlice<UInt8>) throws(SignatureError) -> [[UInt8]] {
        var rest = armor
        var blocks: [[UInt8]] = []
        while !rest.isEmpty {
            guard blocks.count < signatureLimit else {
                throw SignatureError(.tooLarge, "there are more than \(signatureLimit) signatures")
            }
            do {
                blocks.append(try ArmoredBlock.read(from: &rest))
            } catch {
                throw error.about(signature: blocks.count + 1)
            }
        }
        return blocks
    }

    /// The error for a file without a marker: one of two mistakes that hide it, or it is missing.
    private static func unsigned(_ file: [UInt8]) -> SignatureError {
        if file.starts(with: [0xFF, 0xFE]) || file.starts(with: [0xFE, 0xFF]) {
            return SignatureError(
                .unsigned,
                "it begins with the byte order mark of UTF-16: save it as UTF-8 without one"
            )
        }
        let lines = file.split(separator: UInt8(ascii: "\n"))
        if lines.contains(where: { $0.elementsEqual(ArmoredBlock.begin + [UInt8(ascii: "\r")]) }) {
            return ArmoredBlock.carriageReturn
        }
        if lines.contains(where: { $0.reversed().starts(with: ArmoredBlock.begin.reversed()) }) {
            return SignatureError(
                .unsigned,
                "what is signed must end with a line feed before the first signature"
            )
        }
        return SignatureError(
            .unsigned,
            "there is no signature; append what `ssh-keygen -Y sign -n jitgate-grant` prints"
        )
    }
}
