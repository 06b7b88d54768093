import AgentInterface
import Auditing
import Grants
import Lifecycle
import Varlink

/// The recent results of dropped files, and the calls that wait for one.
///
/// Bounded: people who drop a file ask at once, and the log remembers for ever.
struct SubmissionResults {
    private static let bound = 1024

    /// A verdict on a path's content; `sha256` is `nil` if the file could not even be read.
    private struct Known {
        let sha256: String?
        let verdict: SubmissionResult
    }

    private struct Waiting {
        let path: String
        let sha256: String
        let call: PendingCall<SubmissionResult>
    }

    private var known: [String: Known] = [:]
    private var order: [String] = []
    private var waiting: [Waiting] = []
    /// Admitted files whose acceptance may not be on record.
    private var admitted: [(path: String, sha256: String, id: GrantID)] = []

    /// Posts a verdict; `takeAnswers` answers the calls that wait for it.
    mutating func post(_ verdict: SubmissionResult, on path: String, sha256: String?) {
        if known[path] == nil { order.append(path) }
        known[path] = Known(sha256: sha256, verdict: verdict)
        guard order.count >= 2 * Self.bound else { return }
        for old in order.prefix(Self.bound) { known[old] = nil }
        order.removeFirst(Self.bound)
    }

    /// Expects the verdict on an admitted file, which comes when that is on record.
    mutating func expect(path: String, sha256: String, of id: GrantID) {
        admitted.append((path, sha256, id))
    }

    /// Posts the verdicts on admitted files, as far as there is one.
    mutating func postAdmitted(_ verdict: (GrantID) -> SubmissionResult?) {
        guard !admitted.isEmpty else { return }
        let files = admitted
        admitted = []
        for file in files {
            if let verdict = verdict(file.id) {
                post(verdict, on: file.path, sha256: file.sha256)
            } else {
                admitted.append(file)
            }
        }
    }

    /// The result for this content at this path, if it is known.
    func verdict(on path: String, sha256: String) -> SubmissionResult? {
        guard let entry = known[path], entry.sha256 == nil || entry.sha256 == sha256 else {
            return nil
        }
        return entry.verdict
    }

    mutating func wait(_ call: PendingCall<SubmissionResult>, for path: String, sha256: String) {
        waiting.append(Waiting(path: path, sha256: sha256, call: call))
    }

    /// Takes the calls that can be answered now, with the results; the caller answers, since an
    /// answer may bring new calls.
    mutating func takeAnswers() -> [(
        call: PendingCall<SubmissionResult>, verdict: SubmissionResult
    )] {
        guard !waiting.isEmpty else { return [] }
        var answers: [(call: PendingCall<SubmissionResult>, verdict: SubmissionResult)] = []
        var rest: [Waiting] = []
        for item in waiting where item.call.isOpen {
            if let verdict = verdict(on: item.path, sha256: item.sha256) {
                answers.append((item.call, verdict))
            } else {
                rest.append(item)
            }
        }
        waiting = rest
        return answers
    }
}

extension SubmissionResults {
    /// Answers the calls that wait for admitted files, once their acceptance is recorded.
    mutating func report(_ lifecycle: Lifecycle, _ logState: LogState) {
        postAdmitted { id in
            if case .accepted = lifecycle.grants[id]?.phase { return nil }
            let ids = [id]
            if case .ended(_, let reason) = logState[id] {
                let text = "id: this grant has ended (\(reason))"
                return SubmissionResult(outcome: .refused, ids: ids, code: "once", reason: text)
            }
            let deadline = lifecycle.grants[id]?.phase.deadline
            return SubmissionResult(outcome: .accepted, ids: ids, deadline: deadline)
        }
        for (call, verdict) in takeAnswers() { call.finish(verdict) }
    }
}
