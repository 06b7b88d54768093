import TestSupport
import Testing
import Transparency

@Suite struct `The tree of the log` {
    /// The leaves and roots that implementations of RFC 6962 test each other with.
    private static let leaves: [[UInt8]] = [
        [], [0x00], [0x10], [0x20, 0x21], [0x30, 0x31], [0x40, 0x41, 0x42, 0x43],
        Array(0x50...0x57), Array(0x60...0x6F),
    ]
    private static let roots = [
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ]

    @Test func `has the known roots`() {
        var tree = MerkleTree()
        #expect(tree.root.hexadecimal == Self.roots[0])
        for (index, leaf) in Self.leaves.enumerated() {
            tree.append(.leaf(leaf))
            #expect(tree.root.hexadecimal == Self.roots[index + 1])
            #expect(MerkleTree(size: tree.size, peaks: tree.peaks) == tree)
        }
        let all = MerkleLeaves(Self.leaves.map(TreeHash.leaf))
        for size in 0...8 { #expect(all.root(of: size).hexadecimal == Self.roots[size]) }
    }

    /// A tree with `size` different leaves.
    private static func tree(_ size: Int) -> MerkleLeaves {
        MerkleLeaves((0..<size).map { .leaf(Array("record \($0)".utf8)) })
    }

    private static let sizes = Array(1...33) + [63, 64, 65, 100]

    @Test(arguments: sizes)
    func `proves each of its leaves, and none of them elsewhere`(size: Int) {
        let leaves = Self.tree(size)
        let tree = (UInt64(size), leaves.root(of: size))
        for index in 0..<size {
            let proof = leaves.inclusionProof(of: index, in: size)
            let leaf = leaves.hashes[index]
            func holds(_ leaf: TreeHash, _ index: Int, _ proof: [TreeHash]) -> Bool {
                MerkleProof.includes(leaf, at: UInt64(index), in: tree, by: proof)
            }
            #expect(holds(leaf, index, proof))
            for other in 0...size where other != index { #expect(!holds(leaf, other, proof)) }
            #expect(!holds(leaf, index, proof + [leaf]))
            if !proof.isEmpty { #expect(!holds(leaf, index, Array(proof.dropLast()))) }
            for place in proof.indices {
                var forged = proof
                forged[place] = .leaf([1])
                #expect(!holds(leaf, index, forged))
            }
        }
    }

    @Test(arguments: sizes)
    func `proves that it extends each earlier one, and no other`(size: Int) {
        let leaves = Self.tree(size)
        let new = (size: UInt64(size), root: leaves.root(of: size))
        for count in 0...size {
            let old = (size: UInt64(count), root: leaves.root(of: count))
            let proof = leaves.consistencyProof(from: count, to: size)
            #expect(MerkleProof.extends(old, to: new, by: proof))
            #expect(!MerkleProof.extends((old.size, .leaf([1])), to: new, by: proof))
            #expect(!MerkleProof.extends(old, to: new, by: proof + [.leaf([1])]))
            for place in proof.indices {
                var forged = proof
                forged[place] = .leaf([1])
                #expect(!MerkleProof.extends(old, to: new, by: forged))
            }
            if count < size { #expect(!MerkleProof.extends(new, to: old, by: proof)) }
        }
    }

    @Test func `takes no edge that fits no size`() {
        #expect(MerkleTree(size: 5, peaks: [.empty]) == nil)
        #expect(MerkleTree(size: 0, peaks: [.empty]) == nil)
        #expect(MerkleLeaves([]).inclusionProof(of: 0, in: 1).isEmpty)
        #expect(TreeHash([1, 2][...]) == nil)
        #expect(TreeHash(base64: "AAAA") == nil)
        #expect(TreeHash(base64: TreeHash.empty.base64) == .empty)
    }
}
