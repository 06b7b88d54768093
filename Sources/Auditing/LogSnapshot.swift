import Crypto
import Grants
import StrictJSON

/// Up to where a log was read: just behind a whole line.
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

/// What the records up to a position add up to, as `STATE/snapshot` keeps it.
package struct LogSnapshot: Sendable {
    package let position: LogPosition
    /// The leaf hash of the line before the position, if the position is not the segment's beginning.
    package let lastLeaf: TreeHash
    package let tree: MerkleTree
    package let ledger: Ledger

    package init(position: LogPosition, lastLeaf: TreeHash, tree: MerkleTree, ledger: Ledger) {
        self.position = position
        self.lastLeaf = lastLeaf
        self.tree = tree
        self.ledger = ledger
    }

    /// A line of JSON, the ended grants, and the SHA-256 of all of that.
    package func encoded() -> [UInt8] {
        let head: JSONValue = [
            "jitgate": "snapshot/1",
            "segment": .integer(Int64(position.segment)),
            "offset": .integer(position.offset),
            "last_length": .integer(position.lastLength),
            "last_leaf": .string(lastLeaf.base64),
            "size": .integer(Int64(tree.size)),
            "peaks": .array(tree.peaks.map { .string($0.base64) }),
            "ledger": LedgerForm.json(ledger),
        ]
        let content = head.encoded() + [UInt8(ascii: "\n")] + ledger.ended.encoded()
        return content + SHA256.hash(data: content)
    }

    package init(parsing bytes: [UInt8]) throws(RecordError) {
        let content = bytes.dropLast(TreeHash.size)
        guard content.count + TreeHash.size == bytes.count,
            SHA256.hash(data: content).elementsEqual(bytes.suffix(TreeHash.size)),
            let end = content.firstIndex(of: UInt8(ascii: "\n")),
            let ended = EndedGrants(decoding: content[(end + 1)...]),
            let head = try? JSONNode.parse(
                Array(content[..<end]),
                limits: .init(bytes: bytes.count, depth: 16)
            ).value
        else { throw RecordError(description: "the snapshot is damaged") }
        try self.init(head, ended)
    }

    private init(_ head: JSONValue, _ ended: EndedGrants) throws(RecordError) {
        let number = { (name: String) in head[name]?.number }
        let peaks = head["peaks"]?.items?.compactMap { $0.text.flatMap { TreeHash(base64: $0) } }
        guard head["jitgate"]?.text == "snapshot/1",
            let segment = number("segment").flatMap(UInt64.init(exactly:)),
            let offset = number("offset"), let length = number("last_length"),
            let leaf = head["last_leaf"]?.text.flatMap({ TreeHash(base64: $0) }),
            let size = number("size").flatMap(UInt64.init(exactly:)), let peaks,
            let tree = MerkleTree(size: size, peaks: peaks), let ledger = head["ledger"]
        else { throw RecordError(description: "the snapshot is of another version") }
        position = LogPosition(segment: segment, offset: offset, lastLength: length)
        lastLeaf = leaf
        self.tree = tree
        self.ledger = try LedgerForm.ledger(ledger, sequence: size, ended: ended)
    }
}
