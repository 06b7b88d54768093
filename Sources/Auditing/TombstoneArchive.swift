import Crypto
import Grants

/// A snapshot's name for an archive, by its content.
package struct ArchiveName: Hashable, Sendable {
    /// SHA-256 of all its entries, in hex.
    package let digest: String
    /// The number of its entries.
    package let count: Int

    package init(digest: String, count: Int) {
        self.digest = digest
        self.count = count
    }
}

/// Reads an archive from its first entry to its last, to see whether it is what its name says.
package struct ArchiveCheck {
    private var hash = SHA256()
    private var count = 0
    private var last: UInt128?
    private var isSorted = true

    package init() {}

    /// Takes the next bytes, which are whole entries.
    package mutating func take(_ bytes: [UInt8]) {
        hash.update(data: bytes)
        for entry in Tombstone.all(decoding: bytes) {
            if let last, last >= entry.id { isSorted = false }
            last = entry.id
            count += 1
        }
    }

    /// The name of all entries that were taken; `nil` if they make no archive.
    package var name: ArchiveName? {
        isSorted ? ArchiveName(digest: hash.finalize().hexadecimal, count: count) : nil
    }
}

/// Grants that ended, sorted by id, kept where they take no memory; it never changes.
package protocol TombstoneArchive: Sendable {
    var name: ArchiveName { get }

    /// The bytes of these entries: all of them, or it throws.
    func bytes(of entries: Range<Int>) throws(RecordError) -> [UInt8]
}

extension TombstoneArchive {
    /// The number of entries that are searched at once: less than a page of a file.
    private static var block: Int { 128 }

    package var count: Int { name.count }

    func entries(_ range: Range<Int>) throws(RecordError) -> [Tombstone] {
        let entries = Tombstone.all(decoding: try bytes(of: range))
        guard entries.count == range.count else {
            throw RecordError(description: "the archive \(name.digest) is cut off")
        }
        return entries
    }

    /// The entry of an id, found by halving; what is left at last is read at once.
    func entry(of id: UInt128) throws(RecordError) -> Tombstone? {
        var (low, high) = (0, count)
        var (block, start): ([UInt8], Int) = ([], 0)
        while low < high {
            if block.isEmpty, high - low <= Self.block {
                (block, start) = (try bytes(of: low..<high), low)
            }
            let middle = low + (high - low) / 2
            let entry = try entry(middle, in: block, from: start)
            guard entry.id != id else { return entry }
            if entry.id < id { low = middle + 1 } else { high = middle }
        }
        return nil
    }

    private func entry(
        _ index: Int,
        in block: [UInt8],
        from start: Int
    ) throws(RecordError) -> Tombstone {
        let isRead = !block.isEmpty
        let bytes = isRead ? block : try bytes(of: index..<index + 1)
        let place = isRead ? (index - start) * Tombstone.size : 0
        guard place + Tombstone.size <= bytes.count else {
            throw RecordError(description: "the archive \(name.digest) is cut off")
        }
        return Tombstone(decoding: bytes[place..<place + Tombstone.size])
    }
}

/// Two archives becoming one, a few entries at a time.
package struct ArchiveMerge: Sendable {
    /// The number of entries that are taken from each at a time.
    private static let batch = 1024

    private struct Source {
        let archive: any TombstoneArchive
        private var next = 0
        private var entries: ArraySlice<Tombstone> = []

        init(_ archive: any TombstoneArchive) {
            self.archive = archive
        }

        /// The first entry that was not taken; `nil` at the end.
        mutating func first() throws(RecordError) -> Tombstone? {
            if entries.isEmpty, next < archive.count {
                let range = next..<min(next + ArchiveMerge.batch, archive.count)
                entries = try archive.entries(range)[...]
                next = range.upperBound
            }
            return entries.first
        }

        mutating func drop() {
            entries = entries.dropFirst()
        }
    }

    private var older: Source
    private var newer: Source

    /// Merges two archives; for an id that both have, the newer one counts.
    package init(_ older: any TombstoneArchive, _ newer: any TombstoneArchive) {
        self.older = Source(older)
        self.newer = Source(newer)
    }

    /// The bytes of the next entries, at most `limit`; none at the end.
    package mutating func next(atMost limit: Int) throws(RecordError) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(limit * Tombstone.size)
        for _ in 0..<limit {
            guard let entry = try next() else { break }
            entry.append(to: &bytes)
        }
        return bytes
    }

    private mutating func next() throws(RecordError) -> Tombstone? {
        let (old, new) = (try older.first(), try newer.first())
        guard let old else {
            newer.drop()
            return new
        }
        guard let new, new.id <= old.id else {
            older.drop()
            return old
        }
        if new.id == old.id { older.drop() }
        newer.drop()
        return new
    }
}
