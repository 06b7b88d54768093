import Grants
import Transparency

@testable import Attestation

/// A host with a log of numbered records, for tests.
struct TestedHost {
    static let start = Moment(microseconds: 1_772_352_000_000_000)

    let key: AuditKey
    private(set) var leaves: [TreeHash] = []
    var bootID = String(repeating: "1", count: 32)
    var bootTime: Int64 = 0

    init(name: String = "jitgate/web-1/3f0c", seed: UInt8 = 1) throws {
        key = try AuditKey(name: name, seed: Array(repeating: seed, count: 32))
    }

    /// Grows to `size` records; `text` tells them from those of another log.
    mutating func grow(to size: Int, _ text: String = "record") {
        while leaves.count < size { leaves.append(.leaf(Array("\(text) \(leaves.count)".utf8))) }
    }

    /// Forgets all records from `size` on.
    mutating func cut(to size: Int) { leaves.removeLast(leaves.count - size) }

    func checkpoint(at size: Int? = nil) throws -> String {
        var tree = MerkleTree()
        for leaf in leaves.prefix(size ?? leaves.count) { tree.append(leaf) }
        return try key.checkpoint(over: tree)
    }

    var status: HostStatus {
        let host = HostStatus.Host(
            hostname: "web-1",
            machineID: nil,
            version: "0.1.0",
            kernel: "6.1.0",
            tableOwnership: "owned"
        )
        let instant = HostStatus.Instant(time: Self.start, bootID: bootID, bootTime: bootTime)
        var status = HostStatus(of: host, at: instant)
        status.digests.policy = String(repeating: "a", count: 64)
        status.digests.signers = String(repeating: "b", count: 64)
        return status
    }

    /// The next note of this host: a second later.
    mutating func note(_ status: HostStatus? = nil) throws -> StatusNote {
        bootTime += 1_000_000
        let text = try StatusNote.sign(status ?? self.status, over: checkpoint(), by: key)
        return try StatusNote(parsing: Array(text.utf8), signedBy: key.publicKey)
    }

    /// The proof that the log grew from size to size, up to now.
    func growth(_ sizes: Int...) throws -> ProvedGrowth {
        var prover = ConsistencyProver(sizes: (sizes + [leaves.count]).map(UInt64.init))
        for leaf in leaves { prover.append(leaf) }
        let note = try checkpoint()
        let signed = try SignedCheckpoint(parsing: note, signedBy: key.publicKey)
        guard let proof = prover.proof(under: note, of: signed.checkpoint) else {
            throw StatusError("there is no proof")
        }
        return try ConsistencyProof(parsing: Array(proof.text.utf8)).verify(by: key.publicKey)
    }
}
