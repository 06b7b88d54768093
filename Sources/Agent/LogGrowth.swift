import AgentInterface
import Recording
import Transparency
import Varlink

/// The log as of one moment, to prove from the leaf hashes on disk that it only grew.
struct LogGrowth: Sendable {
    private let leaves: String
    /// The signed checkpoint.
    private let note: String
    private let key: AuditKey?

    init(_ audit: AuditWriter) {
        (leaves, note, key) = (audit.log.leavesPath, audit.checkpoint, audit.log.signingKey)
    }

    /// The reply to Prove.
    func proof(of sizes: [Int64]) -> EncodedReply {
        do throws(VarlinkError) {
            return EncodedReply(ProveReply(proof: try proof(of: sizes).text))
        } catch {
            return EncodedReply(failing: error)
        }
    }

    private func proof(of sizes: [Int64]) throws(VarlinkError) -> ConsistencyProof {
        guard let key,
            let checkpoint = try? Checkpoint(parsing: Array(note.utf8), signedBy: key.publicKey)
        else { throw .unsigned }
        var all = sizes.map { UInt64($0) }
        guard all.last ?? 0 <= checkpoint.size else { throw .invalidParameter("sizes") }
        if all.last != checkpoint.size { all.append(checkpoint.size) }
        var prover = ConsistencyProver(sizes: all)
        do throws(RecordingError) {
            try LeafFile.read(leaves, atMost: Int(checkpoint.size)) { prover.append($0) }
        } catch {
            throw .failed("\(error)")
        }
        guard let proof = prover.proof(under: note, of: checkpoint) else {
            throw .failed("\(leaves) does not add up to the checkpoint; jitgate audit verify")
        }
        return proof
    }
}
