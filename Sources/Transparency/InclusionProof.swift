/// A proof that a record is in a log (https://c2sp.org/tlog-proof): its number, the path, the
/// checkpoint.
package struct InclusionProof: Hashable, Sendable {
    private static let header = "c2sp.org/tlog-proof@v1"

    package let index: UInt64
    package let hashes: [TreeHash]
    /// The signed checkpoint.
    package let note: String

    package init(index: UInt64, hashes: [TreeHash], note: String) {
        self.index = index
        self.hashes = hashes
        self.note = note
    }

    package var text: String {
        let lines = [Self.header, "index \(index)"] + hashes.map(\.base64)
        return lines.map { $0 + "\n" }.joined() + "\n" + note
    }

    package init(parsing text: String) throws(ProofError) {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        guard let gap = lines.firstIndex(where: \.isEmpty), gap >= 2, lines[0] == Self.header else {
            throw ProofError("an inclusion proof begins with \(Self.header)")
        }
        // What `extra` says is for other applications.
        let first = lines[1].hasPrefix("extra ") ? 2 : 1
        guard first < gap, lines[first].hasPrefix("index "),
            let index = UInt64(lines[first].dropFirst(6)), "index \(index)" == lines[first]
        else { throw ProofError("the index of the inclusion proof is missing") }
        self.index = index
        hashes = try Self.hashes(lines[(first + 1)..<gap])
        note = lines[(gap + 1)...].joined(separator: "\n")
    }

    private static func hashes(
        _ lines: ArraySlice<Substring>
    ) throws(ProofError) -> [TreeHash] {
        var hashes: [TreeHash] = []
        for line in lines {
            guard let hash = TreeHash(base64: line), hashes.count < 63 else {
                throw ProofError("the inclusion proof has a line that is no hash")
            }
            hashes.append(hash)
        }
        return hashes
    }

    /// Checks that the line is the record at `index` of the log whose key this is.
    ///
    /// - Returns: the checkpoint that it is under.
    package func verify(
        _ line: [UInt8],
        by key: VerifierKey
    ) throws(ProofError) -> Checkpoint {
        let checkpoint: Checkpoint
        do {
            checkpoint = try Checkpoint(parsing: Array(note.utf8), signedBy: key)
        } catch {
            throw ProofError("the checkpoint: \(error)")
        }
        let tree = (checkpoint.size, checkpoint.root)
        guard MerkleProof.includes(.leaf(line), at: index, in: tree, by: hashes) else {
            throw ProofError("record \(index) is not in the log under this checkpoint")
        }
        return checkpoint
    }
}
