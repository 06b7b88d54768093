/// The index of a shelf: the files that it offers, revocations first (docs/PROTOCOL.depot).
package struct ShelfIndex: Hashable, Sendable {
    /// The longest index, in bytes.
    package static let limit = 1 << 20

    /// The lines in their order, no digest twice.
    package let lines: [ShelfLine]

    /// The digests in the order of their lines.
    package var digests: [ObjectDigest] { lines.map(\.digest) }

    /// Reads a whole index; one malformed line refuses all of it.
    package init(parsing bytes: [UInt8]) throws(IndexError) {
        guard bytes.count <= Self.limit else { throw IndexError(line: 1, .tooLong) }
        var seen: Set<ObjectDigest> = []
        var lines: [ShelfLine] = []
        var rest = bytes[...]
        var line = 0
        while !rest.isEmpty {
            line += 1
            guard let end = rest.firstIndex(of: UInt8(ascii: "\n")) else {
                throw IndexError(line: line, .unfinished)
            }
            let entry = try Self.line(rest[..<end], number: line)
            if seen.insert(entry.digest).inserted { lines.append(entry) }
            rest = rest[(end + 1)...]
        }
        self.lines = lines
    }

    private static func line(
        _ line: ArraySlice<UInt8>,
        number: Int
    ) throws(IndexError) -> ShelfLine {
        let (start, separator) = (line.startIndex, line.dropFirst(ObjectDigest.length).prefix(2))
        let hexadecimal = line.prefix(ObjectDigest.length)
        guard hexadecimal.allSatisfy(\.isLowerHexadecimal),
            let digest = ObjectDigest(String(decoding: hexadecimal, as: UTF8.self)),
            separator.elementsEqual("  ".utf8)
        else { throw IndexError(line: number, .noDigest) }
        let name = line[(start + ObjectDigest.length + 2)...]
        guard isFileName(name) else { throw IndexError(line: number, .noName) }
        return ShelfLine(digest, name: String(decoding: name.dropLast(6), as: UTF8.self))
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
