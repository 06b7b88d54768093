import Linux
import SystemPackage
import Transparency

/// The Merkle tree over the records on disk: its file of leaf hashes, and the signed checkpoint.
struct SignedTree: ~Copyable {
    private let directory: LogDirectory
    private(set) var key: AuditKey
    private(set) var tree: MerkleTree
    private(set) var lastLeaf: TreeHash
    private var leaves: LeafFile
    private var isUnsigned = true
    /// The checkpoint that was signed last.
    private(set) var checkpoint = ""

    /// Makes the tree of a log that has been read up to `lastLeaf`.
    init(
        _ directory: LogDirectory,
        _ key: AuditKey,
        _ tree: MerkleTree,
        _ leaves: consuming LeafFile,
        lastLeaf: TreeHash
    ) {
        self.directory = directory
        self.key = key
        self.tree = tree
        self.leaves = leaves
        self.lastLeaf = lastLeaf
    }

    /// The last signed checkpoint; `nil` if a power cut left no whole file.
    static func signedCheckpoint(_ directory: LogDirectory, _ key: AuditKey) -> Checkpoint? {
        guard let bytes = try? SmallFile.read(directory.checkpoint, limit: 1 << 16) else {
            return nil
        }
        return try? Checkpoint(parsing: bytes, signedBy: key.publicKey)
    }

    /// Adds lines that are on disk; leaves that the disk refuses are written with the next.
    mutating func append(_ lines: [[UInt8]]) {
        let hashes = lines.map { TreeHash.leaf($0.dropLast()) }
        for hash in hashes { tree.append(hash) }
        lastLeaf = hashes.last ?? lastLeaf
        leaves.append(hashes)
        isUnsigned = true
    }

    /// Writes all leaves that the disk has refused so far.
    mutating func completeLeaves() throws(RecordingError) {
        try leaves.complete()
    }

    /// Writes a checkpoint over all records, unless there is one.
    mutating func sign() throws(RecordingError) {
        guard isUnsigned else { return }
        let (key, tree) = (key, tree)
        checkpoint = try RecordingError.reading(directory.checkpoint) { () throws(ProofError) in
            try key.checkpoint(over: tree)
        }
        try Self.put(checkpoint, directory.checkpoint)
        isUnsigned = false
    }

    /// Signs with another key from now on.
    mutating func change(to key: AuditKey) throws(RecordingError) {
        self.key = key
        try publishKey()
    }

    /// Publishes the key's public half beside the log.
    func publishKey() throws(RecordingError) {
        let text = "\(key.publicKey)\n"
        let known = try? SmallFile.read(directory.publicKey, limit: 4096)
        if known != Array(text.utf8) { try Self.put(text, directory.publicKey) }
    }

    private static func put(_ text: String, _ path: String) throws(RecordingError) {
        try RecordingError.attempt("write", path) { () throws(Errno) in
            try UnsyncedFile.replace(path, with: Array(text.utf8), mode: 0o640)
        }
    }
}
