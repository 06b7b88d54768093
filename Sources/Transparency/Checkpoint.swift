/// The number of records of a log, and the root over them (https://c2sp.org/tlog-checkpoint).
package struct Checkpoint: Hashable, Sendable {
    /// No log has more records.
    package static let sizeLimit = UInt64(Int32.max) << 16

    package let origin: String
    package let size: UInt64
    package let root: TreeHash

    package init(origin: String, size: UInt64, root: TreeHash) {
        self.origin = origin
        self.size = size
        self.root = root
    }

    package var text: String { "\(origin)\n\(size)\n\(root.base64)\n" }

    /// Reads the text of a note; extension lines are passed over.
    package init(parsing text: String) throws(ProofError) {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        guard lines.count >= 4, !lines[0].isEmpty, lines.dropLast().allSatisfy({ !$0.isEmpty })
        else { throw ProofError("a checkpoint is three lines: origin, size, root") }
        guard let size = UInt64(lines[1]), String(size) == lines[1], size <= Self.sizeLimit
        else { throw ProofError("the size of the checkpoint is not a decimal number") }
        guard let root = TreeHash(base64: lines[2]) else {
            throw ProofError("the root of the checkpoint is not the base64 of 32 bytes")
        }
        self.init(origin: String(lines[0]), size: size, root: root)
    }

    /// Reads a signed checkpoint: by this key, of the log that has the key's name.
    package init(parsing note: [UInt8], signedBy key: VerifierKey) throws(ProofError) {
        let note = try SignedNote(parsing: note)
        let checkpoint = try Checkpoint(parsing: note.text)
        guard checkpoint.origin == key.name else {
            throw ProofError("it is of another log: \(checkpoint.origin), not \(key.name)")
        }
        try note.verify(by: key)
        self = checkpoint
    }
}

extension AuditKey {
    /// The signed checkpoint over a tree.
    package func checkpoint(over tree: MerkleTree) throws(ProofError) -> String {
        try sign(Checkpoint(origin: name, size: tree.size, root: tree.root).text)
    }
}
