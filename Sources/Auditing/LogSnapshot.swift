import Crypto
import Grants
import StrictJSON
package import Transparency

/// The position up to which a log was read: just behind a whole line.
package struct LogPosition: Hashable, Sendable {
    /// The number of the first record of the segment.
    package let segment: UInt64
    /// The byte in the segment at which the next line begins.
    package let offset: Int64
    /// The length of the line before, its line feed included; 0 at the segment's beginning.
    package let lastLength: Int64

    package init(segment: UInt64, offset: Int64, lastLength: Int64) {
        self.segment = segment
        self.offset = offset
        self.lastLength = lastLength
    }
}

/// The sum of the records up to a position, as `STATE/snapshot` keeps it.
package struct LogSnapshot: Sendable {
    private static let version = "snapshot/2"
    private static let lineFeed = UInt8(ascii: "\n")

    package let position: LogPosition
    /// The leaf hash of the line before the position, if the position is not the segment's beginning.
    package let lastLeaf: TreeHash
    package let tree: MerkleTree
    package let logState: LogState

    package init(position: LogPosition, lastLeaf: TreeHash, tree: MerkleTree, logState: LogState) {
        self.position = position
        self.lastLeaf = lastLeaf
        self.tree = tree
        self.logState = logState
    }

    /// Two lines of JSON, the last ended grants, and the SHA-256 of all of that.
    package func encoded() -> [UInt8] {
        let head: JSONValue = [
            "jitgate": .string(Self.version),
            "segment": .integer(Int64(position.segment)),
            "offset": .integer(position.offset),
            "last_length": .integer(position.lastLength),
            "last_leaf": .string(lastLeaf.base64),
            "size": .integer(Int64(tree.size)),
            "peaks": .array(tree.peaks.map { .string($0.base64) }),
            "archives": .array(logState.ended.archives.map { Self.json($0.name) }),
        ]
        var content = head.encoded() + [Self.lineFeed]
        content +=
            LogStateJSON.json(logState).encoded() + [Self.lineFeed] + logState.ended.recentBytes
        return content + SHA256.hash(data: content)
    }

    private static func json(_ name: ArchiveName) -> JSONValue {
        ["sha256": .string(name.digest), "count": .integer(Int64(name.count))]
    }

    /// Reads a snapshot; `open` finds an archive by its name, if it is there and is what it says.
    package init(
        parsing bytes: [UInt8],
        open: (ArchiveName) -> (any TombstoneArchive)?
    ) throws(RecordError) {
        let content = bytes.dropLast(TreeHash.size)
        guard content.count + TreeHash.size == bytes.count,
            SHA256.hash(data: content).elementsEqual(bytes.suffix(TreeHash.size))
        else { throw RecordError(description: "the snapshot is damaged") }
        let lines = content.split(
            separator: Self.lineFeed,
            maxSplits: 2,
            omittingEmptySubsequences: false
        )
        guard lines.count == 3, lines[2].count % Tombstone.size == 0,
            let head = Self.json(lines[0]), let names = Self.archiveNames(head),
            let logState = Self.json(lines[1])
        else { throw RecordError(description: "the snapshot is of another version") }
        var archives: [any TombstoneArchive] = []
        for name in names {
            guard let archive = open(name) else {
                throw RecordError(description: "the snapshot has lost \(name.digest)")
            }
            archives.append(archive)
        }
        let ended = EndedGrants(Tombstone.all(decoding: lines[2]), after: archives)
        try self.init(head, logState, ended)
    }

    /// The archives that a snapshot rests on; none if it is not one.
    package static func archiveNames(in bytes: [UInt8]) -> [ArchiveName] {
        json(bytes.prefix { $0 != lineFeed }).flatMap(archiveNames) ?? []
    }

    private static func archiveNames(_ head: JSONValue) -> [ArchiveName]? {
        guard head["jitgate"]?.text == version, let items = head["archives"]?.items else {
            return nil
        }
        let names = items.compactMap { item -> ArchiveName? in
            guard let digest = item["sha256"]?.text, let number = item["count"]?.number,
                let count = Int(exactly: number), count >= 0, count < 1 << 48,
                digest.utf8.count == 2 * TreeHash.size, digest.utf8.allSatisfy(\.isLowercaseHex)
            else { return nil }
            return ArchiveName(digest: digest, count: count)
        }
        return names.count == items.count ? names : nil
    }

    private static func json(_ line: ArraySlice<UInt8>) -> JSONValue? {
        let limits = JSONNode.Limits(bytes: line.count, depth: 16)
        return try? JSONNode.parse(Array(line), limits: limits).value
    }

    private init(
        _ head: JSONValue,
        _ logState: JSONValue,
        _ ended: EndedGrants
    ) throws(RecordError) {
        let number = { (name: String) in head[name]?.number }
        let peaks = head["peaks"]?.items?.compactMap { $0.text.flatMap { TreeHash(base64: $0) } }
        guard let segment = number("segment").flatMap(UInt64.init(exactly:)),
            let offset = number("offset"), let length = number("last_length"),
            length >= 0, length <= offset,
            let leaf = head["last_leaf"]?.text.flatMap({ TreeHash(base64: $0) }),
            let size = number("size").flatMap(UInt64.init(exactly:)), let peaks,
            let tree = MerkleTree(size: size, peaks: peaks)
        else { throw RecordError(description: "the snapshot has no sound position") }
        position = LogPosition(segment: segment, offset: offset, lastLength: length)
        lastLeaf = leaf
        self.tree = tree
        self.logState = try LogStateJSON.logState(logState, sequence: size, ended: ended)
    }
}

extension UInt8 {
    fileprivate var isLowercaseHex: Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self)
            || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(self)
    }
}
