import Depot
import Hummingbird
import Signatures

/// The bytes of an index as hosts get them, revocations apart, so that those of several shelves come first.
struct ShelfContent: Sendable {
    static let empty = ShelfContent([])

    let closing: ByteBuffer
    let others: ByteBuffer

    /// Takes an index apart: a publisher gives the lines of revocations such names, and puts them first.
    init(_ bytes: [UInt8]) {
        let end = Self.endOfRevocations(bytes)
        closing = ByteBuffer(bytes: bytes[..<end])
        others = ByteBuffer(bytes: bytes[end...])
    }

    var length: Int { closing.readableBytes + others.readableBytes }

    private static func endOfRevocations(_ bytes: [UInt8]) -> Int {
        let mark = Array("  revocation-".utf8)
        var start = 0
        while bytes[start...].dropFirst(ObjectDigest.length).starts(with: mark),
            let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n"))
        {
            start = end + 1
        }
        return start
    }
}

/// The index of one or several shelves, as a host is answered.
struct ShelfAnswer: Sendable {
    /// The digest of the body, or of the digests of several; without the quotes of an ETag.
    let tag: String
    /// The body in parts; `nil` if it is what the host has.
    let parts: [ByteBuffer]?

    var length: Int { (parts ?? []).reduce(0) { $0 + $1.readableBytes } }

    /// The tag of an index of several shelves.
    static func tag(_ shelves: [(name: ShelfName, digest: String)]) -> String {
        if shelves.count == 1 { return shelves[0].digest }
        let text = shelves.map { "\($0.name)=\($0.digest)\n" }.joined()
        return FileDigest.sha256(of: Array(text.utf8))
    }
}
