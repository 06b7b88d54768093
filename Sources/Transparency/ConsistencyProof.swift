/// The proof that a log only grew from one size to the next (docs/PROTOCOL.fleet, section 5).
package struct ConsistencyProof: Hashable, Sendable {
    /// The most sizes that one proof covers.
    package static let stepLimit = 1_025
    /// The longest proof, in bytes.
    package static let limit = 1 << 20
    private static let header = "jitgate consistency/1 "

    /// A size of the log, and the subtrees over the records since the size before.
    package struct Step: Hashable, Sendable {
        package let size: UInt64
        package let hashes: [TreeHash]

        package init(size: UInt64, hashes: [TreeHash]) {
            self.size = size
            self.hashes = hashes
        }
    }

    package let origin: String
    package let steps: [Step]
    /// The signed checkpoint over the last size.
    package let note: String

    package init(origin: String, steps: [Step], note: String) {
        self.origin = origin
        self.steps = steps
        self.note = note
    }

    package var text: String {
        let lines = steps.map { step in
            ([String(step.size)] + step.hashes.map(\.base64)).joined(separator: " ") + "\n"
        }
        return "\(Self.header)\(origin)\n\(lines.joined())\n\(note)"
    }

    package init(parsing bytes: [UInt8]) throws(ProofError) {
        guard bytes.count <= Self.limit, let text = String(validating: bytes, as: UTF8.self),
            bytes.allSatisfy({ $0 >= 0x20 || $0 == UInt8(ascii: "\n") })
        else { throw ProofError("it is no consistency proof: at most 1 MiB of UTF-8 text") }
        let lines = text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false)
        guard let gap = lines.firstIndex(where: \.isEmpty), gap >= 2,
            String(lines[0]).hasPrefix(Self.header)
        else { throw ProofError("a consistency proof begins with \(Self.header)") }
        guard gap - 1 <= Self.stepLimit else {
            throw ProofError("a consistency proof has at most \(Self.stepLimit) sizes")
        }
        origin = String(lines[0]).dropFirst(Self.header.count).description
        steps = try lines[1..<gap].map { line throws(ProofError) in
            try Self.step(String(line))
        }
        note = lines[(gap + 1)...].map { String($0) }.joined(separator: "\n")
    }

    private static func step(_ line: String) throws(ProofError) -> Step {
        let words = line.split(separator: " ", omittingEmptySubsequences: false)
        guard let size = UInt64(words[0]), String(size) == words[0], size <= Checkpoint.sizeLimit
        else { throw ProofError("a line of the consistency proof has no size") }
        var hashes: [TreeHash] = []
        for word in words.dropFirst() {
            // No range has more subtrees.
            guard let hash = TreeHash(base64: word), hashes.count < 128 else {
                throw ProofError("the consistency proof has a word that is no hash")
            }
            hashes.append(hash)
        }
        return Step(size: size, hashes: hashes)
    }

    /// Checks that the log whose key this is grew as the proof says.
    package func verify(by key: VerifierKey) throws(ProofError) -> ProvedGrowth {
        guard origin == key.name else {
            throw ProofError("it is of another log: \(origin), not \(key.name)")
        }
        let checkpoint: Checkpoint
        do {
            checkpoint = try Checkpoint(parsing: Array(note.utf8), signedBy: key)
        } catch {
            throw ProofError("the checkpoint: \(error)")
        }
        var tree = MerkleTree()
        var roots: [UInt64: TreeHash] = [:]
        for step in steps {
            guard step.size > tree.size || roots.isEmpty else {
                throw ProofError("size \(step.size) is not greater than the one before it")
            }
            guard tree.append(step.hashes, upTo: step.size) else {
                throw ProofError("size \(step.size) has not the number of hashes that it needs")
            }
            roots[step.size] = tree.root
        }
        guard tree.size == checkpoint.size, tree.root == checkpoint.root else {
            throw ProofError("the hashes do not add up to the checkpoint")
        }
        return ProvedGrowth(checkpoint: checkpoint, note: note, roots: roots)
    }
}

/// The roots that a log had, each the beginning of the next.
package struct ProvedGrowth: Hashable, Sendable {
    package let checkpoint: Checkpoint
    /// The checkpoint with its signature.
    package let note: String
    /// The root at each size of the proof.
    package let roots: [UInt64: TreeHash]

    init(checkpoint: Checkpoint, note: String, roots: [UInt64: TreeHash]) {
        self.checkpoint = checkpoint
        self.note = note
        self.roots = roots
    }
}
