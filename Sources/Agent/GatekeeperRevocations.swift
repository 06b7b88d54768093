import Auditing
import Configuration
import Control
import Grants
import Linux
import Scheduling

/// Grants that have to end because somebody said so.
struct PendingRevocation: Sendable {
    let ids: [GrantID]
    var reason = EndReason.revoked
    /// Who said so and why, as their records tell it.
    let fields: [AuditField: [String]]
    /// The revocation's file, which has done its work then.
    let file: AdmittedRevocation?
}

/// The file of a signed revocation.
struct AdmittedRevocation: Hashable, Sendable {
    let path: String
    let digest: String
    let state: FileIdentity
}

extension PendingRevocation {
    /// What the record of a closed grant takes over: all else it says of itself.
    static func orders(
        _ fields: [AuditField: [String]]
    ) -> [AuditField: [String]] {
        fields.filter { [.actor, .comment, .revocation].contains($0.key) || $0.key.isEvidence }
    }
}

/// What revocations end, whoever asked.
extension Gatekeeper {
    /// Ends what revocations name, after all files that came with them; what never came is barred.
    func takeRevocations() {
        for order in revocations {
            // One of its records carries the file; all name it.
            var fields = order.fields
            for id in order.ids {
                if timetable.end(id, because: order.reason) {
                    guard orders[id] == nil else { continue }
                    orders[id] = PendingRevocation.orders(fields)
                } else if endUnseen(id, because: order.reason, PendingRevocation.orders(fields)) {
                    // Its file cannot be read for now: it opens nothing when it can.
                } else if mayStillCome(id) {
                    bar(id, fields)
                } else {
                    continue
                }
                fields = fields.filter { !$0.key.isEvidence }
            }
            finish(order)
        }
        revocations = []
    }

    /// Whether nothing is known of a grant that would keep it from opening.
    private func mayStillCome(_ id: GrantID) -> Bool {
        switch standing(of: id) {
        case nil, .unreadable: true
        case .accepted, .open, .ended: false
        }
    }

    private func finish(_ order: PendingRevocation) {
        guard let file = order.file else { return }
        let ids = order.ids.map(\.description)
        board.post(.init(outcome: .accepted, ids: ids), on: file.path, sha256: file.digest)
        if rulebook.configuration.endedFiles == .remove { spent[file.path] = file.state }
    }
}
