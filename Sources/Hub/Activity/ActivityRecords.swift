import Grants
import HubStorage
import StrictJSON
import Transparency

/// The hub's log in the store: entries, the leaves of the tree, its right edge.
struct ActivityRecords {
    private static let tree = "activity-tree"

    let statements: any Statements

    /// Adds an entry in the transaction of the change that it is about.
    ///
    /// - Returns: its position, from 0, which is the number of its leaf.
    @discardableResult
    func append(_ entry: ActivityEntry) throws(StorageError) -> Int64 {
        var tree = try tree()
        let position = Int64(tree.size)
        let record = entry.record(at: position).encoded()
        let leaf = TreeHash.leaf(record)
        tree.append(leaf)
        try statements.run(
            """
            INSERT INTO activity (position, time, event, request, host, actor, record, leaf)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
            """,
            [
                .integer(position), .integer(entry.time.microseconds), .text(entry.event.rawValue),
                .text(ifAny: entry.request), .text(ifAny: entry.host), .text(ifAny: entry.actor),
                .bytes(record), .bytes(leaf.bytes),
            ]
        )
        try MetaRecords(statements: statements).set(Self.tree, Self.bytes(of: tree))
        try ChangeRecords(statements: statements).append(.activity, String(position))
        return position
    }

    /// The tree over all entries.
    func tree() throws(StorageError) -> MerkleTree {
        guard let bytes = try MetaRecords(statements: statements).value(Self.tree) else {
            return MerkleTree()
        }
        guard let tree = Self.tree(bytes) else { throw .broken("the tree of the log is cut off") }
        return tree
    }

    /// The hashes of the first leaves.
    func leaves(_ count: Int64) throws(StorageError) -> MerkleLeaves {
        let rows = try statements.rows(
            "SELECT leaf FROM activity WHERE position < $1 ORDER BY position",
            [.integer(count)]
        )
        var leaves: [TreeHash] = []
        leaves.reserveCapacity(rows.count)
        for row in rows {
            guard let leaf = TreeHash(try row.bytes(0)[...]) else {
                throw .broken("a leaf of the log has not 32 bytes")
            }
            leaves.append(leaf)
        }
        return MerkleLeaves(leaves)
    }

    /// The size in 8 bytes, big-endian, and the peaks.
    private static func bytes(of tree: MerkleTree) -> [UInt8] {
        let size = stride(from: 56, through: 0, by: -8).map {
            UInt8(truncatingIfNeeded: tree.size >> UInt64($0))
        }
        return size + tree.peaks.flatMap(\.bytes)
    }

    private static func tree(_ bytes: [UInt8]) -> MerkleTree? {
        guard bytes.count >= 8, (bytes.count - 8).isMultiple(of: TreeHash.size) else { return nil }
        let size = bytes[..<8].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        let peaks = stride(from: 8, to: bytes.count, by: TreeHash.size).compactMap {
            TreeHash(bytes[$0..<$0 + TreeHash.size])
        }
        return MerkleTree(size: size, peaks: peaks)
    }
}

extension StoredValue {
    /// A text, or null for `nil`.
    static func text(ifAny text: String?) -> StoredValue { text.map(StoredValue.text) ?? .null }
}
