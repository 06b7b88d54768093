import TestSupport
import Testing
import Transparency

@Suite struct `A signed checkpoint` {
    private static let origin = AuditKey.origin(hostname: "web-1", machineID: "3f0c")
    private let key: AuditKey
    private let tree: MerkleTree
    private let note: String

    init() throws {
        key = try AuditKey(name: Self.origin, seed: Array(0..<32))
        var tree = MerkleTree()
        for index in 0..<5 { tree.append(.leaf(Array("record \(index)".utf8))) }
        self.tree = tree
        note = try key.checkpoint(over: tree)
    }

    private func read(_ note: String, _ key: VerifierKey? = nil) throws(ProofError) -> Checkpoint {
        try Checkpoint(parsing: Array(note.utf8), signedBy: key ?? self.key.publicKey)
    }

    private func refusal(_ note: String, _ key: VerifierKey? = nil) -> String {
        do throws(ProofError) {
            return "verified \(try read(note, key))"
        } catch {
            return error.description
        }
    }

    @Test func `is read back, and by Go's note.Open`() throws {
        #expect(try read(note) == Checkpoint(origin: Self.origin, size: 5, root: tree.root))
        let go = try GoVerifier().run(["checkpoint", "\(key.publicKey)"], [note])
        #expect(go.text == "5 \(tree.root.base64)\n")
    }

    @Test func `keeps its key in a form that is read back`() throws {
        #expect(try AuditKey(parsing: key.text).publicKey == key.publicKey)
        #expect(try VerifierKey(parsing: "\(key.publicKey)") == key.publicKey)
        let text = key.text
        for broken in ["", "PRIVATE+KEY+", text.dropLast(4) + "AAAA", text.dropFirst(12) + ""] {
            #expect(throws: ProofError.self) { try AuditKey(parsing: broken) }
        }
        let other = "\(key.publicKey)".replacing("web-1", with: "web-2")
        #expect(throws: ProofError.self) { try VerifierKey(parsing: other) }
        #expect(throws: ProofError.self) { try AuditKey(name: "a b", seed: Array(0..<32)) }
        #expect(throws: ProofError.self) { try AuditKey(name: "a", seed: [1]) }
    }

    @Test func `names its log by host and machine, whatever they are called`() {
        #expect(Self.origin == "jitgate/web-1/3f0c")
        #expect(AuditKey.origin(hostname: "a b+c/é", machineID: "") == "jitgate/a_b_c__/unknown")
    }

    @Test func `holds for no other bytes`() {
        let bytes = Array(note.utf8)
        for index in bytes.indices {
            var forged = bytes
            forged[index] ^= 1
            let forgery = String(decoding: forged, as: UTF8.self)
            #expect(!refusal(forgery).hasPrefix("verified"), "byte \(index)")
        }
        for count in bytes.indices {
            let cut = String(decoding: bytes.prefix(count), as: UTF8.self)
            #expect(!refusal(cut).hasPrefix("verified"), "\(count) bytes")
        }
    }

    @Test func `says why it is not taken`() throws {
        let stranger = try AuditKey(name: Self.origin, seed: Array(1..<33))
        let other = try AuditKey(name: "jitgate/web-2/3f0c", seed: Array(0..<32))
        #expect(refusal(note, other.publicKey).hasPrefix("it is of another log: jitgate/web-1"))
        #expect(
            try refusal(stranger.checkpoint(over: tree)).hasSuffix(
                "another key of that name signed it"
            )
        )
        let forged = note.replacing("\n5\n", with: "\n6\n")
        #expect(refusal(forged) == "its signature by \(Self.origin) is wrong")
        #expect(
            refusal("\(Self.origin)\n5\n") == "it is not a note: text, an empty line, signatures"
        )
        for text in ["\(Self.origin)\n05\nAAAA\n", "\(Self.origin)\n-1\nAAAA\n"] {
            #expect(try refusal(key.sign(text)).hasPrefix("the size of the checkpoint"))
        }
        #expect(try refusal(key.sign("\(Self.origin)\n5\nAAAA\n")).hasPrefix("the root of"))
    }
}

@Suite struct `An inclusion proof` {
    @Test func `is read back, verified by Go, and holds for its record alone`() throws {
        let key = try AuditKey(name: "jitgate/a/b", seed: Array(0..<32))
        let lines = (0..<11).map { Array("record \($0)".utf8) }
        let leaves = MerkleLeaves(lines.map(TreeHash.leaf))
        var tree = MerkleTree()
        for hash in leaves.hashes { tree.append(hash) }
        let note = try key.checkpoint(over: tree)
        let go = try GoVerifier()
        for index in [0, 4, 10] {
            let hashes = leaves.inclusionProof(of: index, in: 11)
            let proof = InclusionProof(index: UInt64(index), hashes: hashes, note: note)
            let read = try InclusionProof(parsing: proof.text)
            #expect(read == proof)
            #expect(try read.verify(lines[index], by: key.publicKey).size == 11)
            #expect(throws: ProofError.self) { try read.verify(lines[3], by: key.publicKey) }
            let words = ["record", "\(key.publicKey)"]
            let line = String(decoding: lines[index], as: UTF8.self)
            #expect(try go.run(words, [proof.text, line + "\n"]).status == 0)
            #expect(try go.run(words, [proof.text, "record 3\n"]).status == 1)
        }
    }

    @Test func `of an extension is verified by Go`() throws {
        let key = try AuditKey(name: "jitgate/a/b", seed: Array(0..<32))
        let leaves = MerkleLeaves((0..<11).map { .leaf(Array("record \($0)".utf8)) })
        let note = { (size: Int) in
            try key.sign(
                Checkpoint(origin: key.name, size: UInt64(size), root: leaves.root(of: size)).text
            )
        }
        let go = try GoVerifier()
        for old in [1, 4, 6, 10] {
            let proof = leaves.consistencyProof(from: old, to: 11).map(\.base64)
            let files = try [note(old), note(11), proof.joined(separator: "\n")]
            #expect(try go.run(["extends", "\(key.publicKey)"], files).status == 0)
        }
    }

    @Test func `of any other form is refused`() throws {
        let good = InclusionProof(index: 1, hashes: [.empty], note: "n").text
        #expect(
            try InclusionProof(parsing: good.replacing("index", with: "extra AA\nindex")).index == 1
        )
        for bad in [
            "", "index 1\n", good.replacing("v1", with: "v2"),
            good.replacing("index 1", with: "index 01"),
            good.replacing("index 1", with: "index -1"), good.replacing("\n\n", with: "\nAAAA\n\n"),
            good.replacing("\n\n", with: "\n"),
        ] {
            #expect(throws: ProofError.self) { try InclusionProof(parsing: bad) }
        }
    }
}
