import Admission
import Conditions
import Grants
import StrictJSON
import TestSupport
import Testing
import Transparency

@testable import Attestation

@Suite struct `A status` {
    @Test func `with more than fits says how much it leaves out`() throws {
        var status = try TestedHost().status
        status.trusted = try (0..<10_000).map {
            try Prefix(parsing: "10.\($0 >> 8).\($0 & 255).0/24")
        }
        status.conditions = (0..<500).map { number in
            FileConditions.fileRefused("/g/\(number).grant", because: "no", mend: nil)
        }
        let bytes = status.encoded()
        #expect(bytes.count <= HostStatus.limit)
        let read = try HostStatus(parsing: bytes)
        let leftOut = try #require(read.leftOut[.trusted])
        #expect(read.trusted.count + leftOut == 10_000 && read.trusted.count > 300)
        #expect(read.trusted == Array(status.trusted.prefix(read.trusted.count)))
        #expect(read.leftOut[.conditions].map { $0 + read.conditions.count } == 500)
        #expect(read.leftOut[.open] == nil)
        #expect(try HostStatus(parsing: read.encoded()) == read)
    }

    @Test(arguments: [
        ((5, "a", 5), (5, "a", 5), NotePosition.Order.same),
        ((5, "a", 6), (5, "a", 5), .newer), ((5, "a", 4), (5, "a", 5), .older),
        ((6, "a", 6), (5, "a", 5), .newer), ((4, "a", 4), (5, "a", 5), .older),
        ((6, "a", 5), (5, "a", 5), .newer), ((4, "a", 5), (5, "a", 5), .older),
        ((6, "a", 4), (5, "a", 5), .contradictory), ((4, "a", 6), (5, "a", 5), .contradictory),
        ((5, "b", 1), (5, "a", 5), .unordered), ((6, "b", 1), (5, "a", 5), .newer),
        ((4, "b", 9), (5, "a", 5), .older),
    ])
    func `is newer by records, then by the clock of its boot`(
        one: (UInt64, String, Int64),
        known: (UInt64, String, Int64),
        order: NotePosition.Order
    ) {
        let position = NotePosition(size: one.0, bootID: one.1, bootTime: one.2)
        let other = NotePosition(size: known.0, bootID: known.1, bootTime: known.2)
        #expect(position.order(after: other) == order)
    }

    @Test func `of many sizes is proved by the leaves, read once`() throws {
        var random = SeededGenerator(seed: 11)
        var host = try TestedHost()
        host.grow(to: 300)
        for _ in 0..<200 {
            let sizes = Set(
                (0..<Int.random(in: 0...12, using: &random)).map { _ in
                    UInt64.random(in: 0...300, using: &random)
                }
            )
            .union([300]).sorted()
            var prover = ConsistencyProver(sizes: sizes)
            for leaf in host.leaves { prover.append(leaf) }
            let note = try host.checkpoint()
            let checkpoint = Checkpoint(origin: host.key.name, size: 300, root: root(host, 300))
            let proof = try #require(prover.proof(under: note, of: checkpoint))
            let growth = try proof.verify(by: host.key.publicKey)
            #expect(growth.roots.count == sizes.count)
            for size in sizes { #expect(growth.roots[size] == root(host, Int(size))) }
        }
    }

    @Test func `without all leaves, or of others, is not proved`() throws {
        var host = try TestedHost()
        host.grow(to: 9)
        var prover = ConsistencyProver(sizes: [4, 9])
        let right = Checkpoint(origin: host.key.name, size: 9, root: root(host, 9))
        for leaf in host.leaves.dropLast() { prover.append(leaf) }
        #expect(!prover.isComplete && prover.proof(under: "", of: right) == nil)
        prover.append(.leaf([0]))
        #expect(prover.isComplete && prover.proof(under: "", of: right) == nil)
    }

    private func root(_ host: TestedHost, _ size: Int) -> TreeHash {
        var tree = MerkleTree()
        for leaf in host.leaves.prefix(size) { tree.append(leaf) }
        return tree.root
    }
}
