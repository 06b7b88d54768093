/// Checks of proofs, by the algorithms of RFC 9162, sections 2.1.3.2 and 2.1.4.2.
package enum MerkleProof {
    /// Returns true if `leaf` is at `index` of the tree with this size and root.
    package static func includes(
        _ leaf: TreeHash,
        at index: UInt64,
        in tree: (size: UInt64, root: TreeHash),
        by proof: [TreeHash]
    ) -> Bool {
        guard index < tree.size else { return false }
        var (node, last) = (index, tree.size - 1)
        var hash = leaf
        for sibling in proof {
            guard last > 0 else { return false }
            if node & 1 == 1 || node == last {
                hash = .node(sibling, hash)
                climb(&node, &last)
            } else {
                hash = .node(hash, sibling)
            }
            node >>= 1
            last >>= 1
        }
        return last == 0 && hash == tree.root
    }

    /// Returns true if the tree `new` begins with all leaves of the tree `old`.
    package static func extends(
        _ old: (size: UInt64, root: TreeHash),
        to new: (size: UInt64, root: TreeHash),
        by proof: [TreeHash]
    ) -> Bool {
        if old.size == 0 { return proof.isEmpty && old.root == .empty }
        if old.size == new.size { return proof.isEmpty && old.root == new.root }
        guard old.size < new.size, !proof.isEmpty else { return false }
        let isNode = old.size.nonzeroBitCount == 1
        let path = isNode ? [old.root] + proof : proof
        var (node, last) = (old.size - 1, new.size - 1)
        while node & 1 == 1 {
            node >>= 1
            last >>= 1
        }
        var (oldHash, newHash) = (path[0], path[0])
        for sibling in path.dropFirst() {
            guard last > 0 else { return false }
            if node & 1 == 1 || node == last {
                oldHash = .node(sibling, oldHash)
                newHash = .node(sibling, newHash)
                climb(&node, &last)
            } else {
                newHash = .node(newHash, sibling)
            }
            node >>= 1
            last >>= 1
        }
        return last == 0 && oldHash == old.root && newHash == new.root
    }

    /// Passes the levels on which the last node has no sibling.
    private static func climb(_ node: inout UInt64, _ last: inout UInt64) {
        while node & 1 == 0, node != 0 {
            node >>= 1
            last >>= 1
        }
    }
}
