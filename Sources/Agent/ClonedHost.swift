import AgentInterface
import Auditing
import Linux
import Recording
import Transparency

/// An agent that finds its log to be of another machine: a clone of that, or an image that was made
/// after an agent had run.
///
/// It ends what was live there, opens nothing and signs nothing, since two machines that sign different
/// logs under one name are what an auditor takes for forgery.
extension AuditWriter {
    /// True while nothing may open because the log has no key of this machine's own.
    var isClone: Bool { foreignMachine != nil }

    /// Records that this is another machine than the log's last record is of, once.
    func recordHostChange() {
        guard let former = foreignMachine, !logState.machine.awaitsKey else { return }
        let text =
            "The log and its key are of another machine: nothing opens until it has its own key"
        note(AuditEntry(.hostChanged, text, fields: [.machine: [former]]))
    }

    /// The record that refuses a grant meanwhile.
    func cloneRefusal(of path: String) -> AuditEntry {
        let reason =
            "the audit log is of another machine; `sudo jitgate audit rekey` makes it this one's"
        return .refused(path, code: "host-changed", reason)
    }
}
