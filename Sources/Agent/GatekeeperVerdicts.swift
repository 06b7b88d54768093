import Auditing
import Control
import Grants
import Scheduling

/// What became of files, for those who ask.
extension Gatekeeper {
    /// Says of admitted files what became of them, once that is recorded.
    func postVerdicts() {
        guard !fresh.isEmpty else { return }
        var rest: [AdmittedFile] = []
        for file in fresh {
            if unrecorded[file.id] != nil {
                rest.append(file)
            } else {
                board.post(verdict(on: file), on: file.path, sha256: file.digest)
            }
        }
        fresh = rest
    }

    private func verdict(on file: AdmittedFile) -> FileVerdict {
        let ids = [file.id.description]
        if case .ended(_, let reason) = trail.ledger[file.id] {
            let text = "id: this grant has ended (\(reason))"
            return FileVerdict(outcome: .refused, ids: ids, code: "once", reason: text)
        }
        let deadline = timetable[file.id]?.deadline?.description
        return FileVerdict(outcome: .accepted, ids: ids, deadline: deadline)
    }

    /// The reason of a refusal by signers in force that are not those on disk.
    func explained(_ reason: String) -> String {
        let claim = "is not in allowed_signers"
        guard let signersProblem, reason.contains(claim) else { return reason }
        return reason.replacing(claim, with: "is none of the signers in force")
            + "; those on disk are not in force: \(signersProblem)"
    }
}
