import Attestation
import Transparency

/// Statuses and proofs of hosts, behind their signatures, and the state of a witness.
extension Target {
    static let fleets = [
        Target(name: "host-status") { bytes in
            // What was read once has only what fits, and is written and read alike.
            guard let status = try? HostStatus(parsing: bytes),
                let fitting = try? HostStatus(parsing: status.encoded())
            else { return }
            hold((try? HostStatus(parsing: fitting.encoded())) == fitting, "it is read alike")
        },
        Target(name: "status-note") { bytes in
            guard let origin = StatusNote.claimedOrigin(of: bytes) else { return }
            hold(
                bytes.starts(with: "jitgate status/1 \(origin)\n".utf8),
                "the origin is the text's"
            )
        },
        Target(name: "consistency-proof") { bytes in
            guard let proof = try? ConsistencyProof(parsing: bytes) else { return }
            let again = try? ConsistencyProof(parsing: Array(proof.text.utf8))
            hold(again == proof, "what is written is read alike")
        },
        Target(name: "witnessed-host") { bytes in
            guard let host = try? WitnessedHost(parsing: bytes) else { return }
            hold((try? WitnessedHost(parsing: host.encoded())) == host, "it is read alike")
        },
    ]
}
