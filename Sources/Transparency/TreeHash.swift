package import Crypto
import Grants

/// A SHA-256 of the log's tree (docs/PROTOCOL.audit, section 5).
package struct TreeHash: Hashable, Sendable {
    /// In bytes.
    package static let size = 32

    /// Big-endian, so that they read as the bytes do.
    private let words: SIMD4<UInt64>

    /// - Returns: `nil` unless there are 32 bytes.
    package init?(_ bytes: ArraySlice<UInt8>) {
        guard bytes.count == Self.size else { return nil }
        words = Self.words(of: bytes)
    }

    package init(_ digest: SHA256Digest) {
        words = Self.words(of: Array(digest)[...])
    }

    /// Of 32 bytes; a slice and not any collection, since there are many to read.
    private static func words(of bytes: ArraySlice<UInt8>) -> SIMD4<UInt64> {
        var words = SIMD4<UInt64>()
        for index in 0..<4 {
            let start = bytes.startIndex + 8 * index
            var word: UInt64 = 0
            for byte in bytes[start..<start + 8] { word = word << 8 | UInt64(byte) }
            words[index] = word
        }
        return words
    }

    package var bytes: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Self.size)
        append(to: &bytes)
        return bytes
    }

    package func append(to bytes: inout [UInt8]) {
        for index in 0..<4 {
            for shift in stride(from: 56, through: 0, by: -8) {
                bytes.append(UInt8(truncatingIfNeeded: words[index] >> UInt64(shift)))
            }
        }
    }

    package var base64: String { Base64.encode(bytes) }
    package var hexadecimal: String { bytes.hexadecimal }

    /// - Returns: `nil` unless the text is the base64 of 32 bytes.
    package init?(base64 text: some StringProtocol) {
        guard let bytes = Base64.decode(Array(text.utf8)) else { return nil }
        self.init(bytes[...])
    }
}

extension TreeHash {
    private static let leafPrefix: [UInt8] = [0]
    private static let nodePrefix: [UInt8] = [1]

    /// The root of a tree without leaves.
    package static let empty = TreeHash(SHA256.hash(data: [UInt8]()))

    /// The hash of a record's line, without its line feed.
    package static func leaf(_ line: ArraySlice<UInt8>) -> TreeHash {
        var hash = SHA256()
        hash.update(data: leafPrefix)
        hash.update(data: line)
        return TreeHash(hash.finalize())
    }

    package static func leaf(_ line: [UInt8]) -> TreeHash { leaf(line[...]) }

    package static func node(_ left: TreeHash, _ right: TreeHash) -> TreeHash {
        var bytes = nodePrefix
        bytes.reserveCapacity(1 + 2 * size)
        left.append(to: &bytes)
        right.append(to: &bytes)
        return TreeHash(SHA256.hash(data: bytes))
    }
}
