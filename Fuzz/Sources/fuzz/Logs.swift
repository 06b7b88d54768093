@testable import Auditing
import Crypto
import Transparency
import Verifying

/// The audit log and its proofs.
extension Target {
    static let logs = [
        Target(name: "record") { bytes in
            guard let record = try? Record(parsing: bytes) else {
                hold(Record(scanning: bytes) == nil, "the fast reader takes no more")
                return
            }
            hold((try? Record(parsing: record.line)) == record, "what is written is read alike")
        },
        Target(name: "note") { bytes in
            guard let note = try? SignedNote(parsing: bytes) else { return }
            hold(bytes.starts(with: note.text.utf8), "the text is the beginning, byte for byte")
            guard let checkpoint = try? Checkpoint(parsing: note.text) else { return }
            hold(note.text.hasPrefix(checkpoint.text), "a checkpoint has one form")
        },
        Target(name: "verifier-key") { bytes in
            _ = try? VerifierKey(parsing: String(decoding: bytes, as: UTF8.self))
            _ = try? AuditKey(parsing: String(decoding: bytes, as: UTF8.self))
        },
        Target(name: "inclusion-proof") { bytes in
            _ = try? InclusionProof(parsing: String(decoding: bytes, as: UTF8.self))
        },
        Target(name: "bundle") { bytes in
            guard let bundle = try? ProofBundle(parsing: bytes) else { return }
            let again = try? ProofBundle(parsing: bundle.encoded())
            hold(
                again?.items.map { $0.line } == bundle.items.map { $0.line },
                "what is written is read alike"
            )
        },
        // The digest at the end is corrected, or nothing behind it would ever be read.
        Target(name: "snapshot") { bytes in
            let whole = bytes + SHA256.hash(data: bytes)
            guard let snapshot = try? LogSnapshot(parsing: whole, open: { _ in nil }) else {
                return
            }
            let again = try? LogSnapshot(parsing: snapshot.encoded(), open: { _ in nil })
            hold(again?.position == snapshot.position, "what is written is read alike")
        },
    ]
}
