/// The largest complete subtrees over a range of leaves (docs/PROTOCOL.fleet, section 5).
///
/// A complete subtree has 2^level leaves and begins at a multiple of that. There is one way to cover
/// a range by as few as possible, so that their roots need no places beside them.
package enum CompactRange {
    /// The levels of the subtrees over the leaves from `start` up to `end`, from left to right.
    package static func levels(from start: UInt64, to end: UInt64) -> [Int] {
        var levels: [Int] = []
        var position = start
        while position < end {
            let largest = UInt64.bitWidth - 1 - (end - position).leadingZeroBitCount
            let level = min(position.trailingZeroBitCount, largest)
            levels.append(level)
            position += 1 << UInt64(level)
        }
        return levels
    }
}

extension MerkleTree {
    /// Adds the subtrees of a range that begins where the tree ends.
    ///
    /// - Returns: `false`, and changes nothing, unless there is one hash for each of them.
    package mutating func append(_ roots: some Collection<TreeHash>, upTo end: UInt64) -> Bool {
        let levels = CompactRange.levels(from: size, to: end)
        guard end >= size, levels.count == roots.count else { return false }
        for (root, level) in zip(roots, levels) { append(root, level: level) }
        return true
    }
}

/// Makes a consistency proof from the leaves of a log, which are read once.
package struct ConsistencyProver {
    private let sizes: [UInt64]
    private var steps: [ConsistencyProof.Step] = []
    /// The tree over all leaves so far, as the steps make it.
    private var tree = MerkleTree()
    /// The levels of the subtrees that the next step still lacks, the first one last.
    private var missing: [Int] = []
    /// The roots that the next step has already.
    private var roots: [TreeHash] = []
    /// The leaves of the subtree under way.
    private var part = MerkleTree()

    /// - Parameter sizes: in ascending order, none of them twice.
    package init(sizes: [UInt64]) {
        self.sizes = sizes
        beginSteps()
    }

    /// The number of leaves that it needs.
    package var size: UInt64 { sizes.last ?? 0 }

    /// True if it has all leaves.
    package var isComplete: Bool { steps.count == sizes.count }

    /// Takes the next leaf; leaves after the last size are passed over.
    package mutating func append(_ leaf: TreeHash) {
        guard let level = missing.last else { return }
        part.append(leaf)
        guard part.size == 1 << UInt64(level) else { return }
        roots.append(part.root)
        part = MerkleTree()
        missing.removeLast()
        if missing.isEmpty { beginSteps() }
    }

    /// Ends the steps that need no more leaves, and begins the next.
    private mutating func beginSteps() {
        while missing.isEmpty, !isComplete {
            let size = sizes[steps.count]
            if !tree.append(roots, upTo: size) {
                missing = CompactRange.levels(from: tree.size, to: size).reversed()
                guard missing.isEmpty else { return }
            }
            steps.append(ConsistencyProof.Step(size: size, hashes: roots))
            roots = []
        }
    }

    /// The proof under the signed checkpoint over the last size.
    ///
    /// - Returns: `nil` unless all leaves came and add up to the checkpoint.
    package func proof(under note: String, of checkpoint: Checkpoint) -> ConsistencyProof? {
        guard isComplete, checkpoint.size == tree.size, checkpoint.root == tree.root else {
            return nil
        }
        return ConsistencyProof(origin: checkpoint.origin, steps: steps, note: note)
    }
}
