/// The right edge of the log's tree (RFC 6962, section 2.1): enough to append and to know the root.
package struct MerkleTree: Hashable, Sendable {
    /// The number of leaves.
    package private(set) var size: UInt64 = 0
    /// The roots of the complete subtrees, largest first: one for each bit of `size`.
    package private(set) var peaks: [TreeHash] = []

    package init() {}

    /// - Returns: `nil` unless there is a peak for each bit of `size`.
    package init?(size: UInt64, peaks: [TreeHash]) {
        guard peaks.count == size.nonzeroBitCount else { return nil }
        self.size = size
        self.peaks = peaks
    }

    /// Adds the next leaf, in O(log size).
    package mutating func append(_ leaf: TreeHash) { append(leaf, level: 0) }

    /// Adds the root over the next 2^level leaves; the size is a multiple of that.
    mutating func append(_ root: TreeHash, level: Int) {
        var node = root
        // Each bit that the increment clears is a subtree that is now a left half.
        for _ in 0..<(~(size >> UInt64(level))).trailingZeroBitCount {
            node = .node(peaks.removeLast(), node)
        }
        peaks.append(node)
        size += 1 << UInt64(level)
    }

    package var root: TreeHash {
        guard var root = peaks.last else { return .empty }
        for peak in peaks.dropLast().reversed() { root = .node(peak, root) }
        return root
    }
}

/// All leaf hashes of a log, for making proofs.
package struct MerkleLeaves: Sendable {
    package let hashes: [TreeHash]

    package init(_ hashes: [TreeHash]) {
        self.hashes = hashes
    }

    /// The root of the tree over the first `size` leaves, which must be there.
    package func root(of size: Int) -> TreeHash {
        size == 0 ? .empty : hash(0..<size)
    }

    /// The siblings on the way from a leaf to the root over the first `size` leaves.
    ///
    /// RFC 6962, section 2.1.1; empty if there is no such leaf.
    package func inclusionProof(of index: Int, in size: Int) -> [TreeHash] {
        guard index >= 0, index < size, size <= hashes.count else { return [] }
        var proof: [TreeHash] = []
        var range = 0..<size
        while range.count > 1 {
            let middle = Self.middle(of: range)
            let (left, right) = (range.lowerBound..<middle, middle..<range.upperBound)
            proof.append(hash(index < middle ? right : left))
            range = index < middle ? left : right
        }
        return proof.reversed()
    }

    /// The proof that the tree over `size` leaves begins with the one over `old`.
    ///
    /// RFC 6962, section 2.1.2; empty if either is empty, both are equal or one is not there.
    package func consistencyProof(from old: Int, to size: Int) -> [TreeHash] {
        guard old > 0, old < size, size <= hashes.count else { return [] }
        var proof: [TreeHash] = []
        var range = 0..<size
        while range.upperBound != old {
            let middle = Self.middle(of: range)
            let (left, right) = (range.lowerBound..<middle, middle..<range.upperBound)
            proof.append(hash(old <= middle ? right : left))
            range = old <= middle ? left : right
        }
        // The verifier knows the old root; it need not be told if it is a node of the tree.
        if range.lowerBound > 0 { proof.append(hash(range)) }
        return proof.reversed()
    }

    private func hash(_ range: Range<Int>) -> TreeHash {
        guard range.count > 1 else { return hashes[range.lowerBound] }
        let middle = Self.middle(of: range)
        return .node(hash(range.lowerBound..<middle), hash(middle..<range.upperBound))
    }

    /// The end of the left half: the largest power of two below the count.
    private static func middle(of range: Range<Int>) -> Int {
        range.lowerBound + 1 << (Int.bitWidth - 1 - (range.count - 1).leadingZeroBitCount)
    }
}
