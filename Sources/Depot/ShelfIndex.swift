/// The index of a shelf: the files that it offers, revocations first (docs/PROTOCOL.depot).
package struct ShelfIndex: Hashable, Sendable {
    /// The longest index, in bytes.
    package static let limit = 1 << 20

    /// The digests in the order of their lines, none of them twice.
    package let digests: [ObjectDigest]

    package init(digests: [ObjectDigest]) {
        self.digests = digests
    }

    /// Reads a whole index; one malformed line refuses all of it.
    package init(parsing bytes: [UInt8]) throws(IndexError) {
        guard bytes.count <= Self.limit else { throw IndexError(line: 1, .tooLong) }
        var seen: Set<ObjectDigest> = []
        var digests: [ObjectDigest] = []
        var rest = bytes[...]
        var line = 0
        while !rest.isEmpty {
            line += 1
            guard let end = rest.firstIndex(of: UInt8(ascii: "\n")) else {
                throw IndexError(line: line, .unfinished)
            }
            let digest = try Self.digest(rest[..<end], line: line)
            if seen.insert(digest).inserted { digests.append(digest) }
            rest = rest[(end + 1)...]
        }
        self.digests = digests
    }

    private static func digest(
        _ line: ArraySlice<UInt8>,
        line number: Int
    ) throws(IndexError) -> ObjectDigest {
        let (start, separator) = (line.startIndex, line.dropFirst(ObjectDigest.length).prefix(2))
        let hexadecimal = line.prefix(ObjectDigest.length)
        guard hexadecimal.allSatisfy(\.isLowerHexadecimal),
            let digest = ObjectDigest(String(decoding: hexadecimal, as: UTF8.self)),
            separator.elementsEqual("  ".utf8)
        else { throw IndexError(line: number, .noDigest) }
        let name = line[(start + ObjectDigest.length + 2)...]
        guard isFileName(name) else { throw IndexError(line: number, .noName) }
        return digest
    }

    private static func isFileName(_ name: ArraySlice<UInt8>) -> Bool {
        let ending = Array(".grant".utf8)
        guard name.count > ending.count, name.suffix(ending.count).elementsEqual(ending) else {
            return false
        }
        let stem = name.dropLast(ending.count)
        return stem.count <= 128 && stem.first != UInt8(ascii: ".")
            && stem.allSatisfy(\.isListedNameByte)
    }
}

/// The reason why bytes are no index.
package struct IndexError: Error, Hashable, Sendable, CustomStringConvertible {
    package enum Reason: Hashable, Sendable {
        case tooLong
        case unfinished
        case noDigest
        case noName
    }

    /// The line, from 1.
    package let line: Int
    package let reason: Reason

    init(line: Int, _ reason: Reason) {
        (self.line, self.reason) = (line, reason)
    }

    package var description: String {
        switch reason {
        case .tooLong: "the index is longer than \(ShelfIndex.limit) bytes"
        case .unfinished: "line \(line) of the index does not end; it may be half of an object"
        case .noDigest:
            "line \(line) of the index does not begin with a SHA-256 in 64 lower-case digits and two blanks"
        case .noName: "line \(line) of the index does not end with a name such as ID.grant"
        }
    }
}
