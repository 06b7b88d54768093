import AgentInterface
import Attestation
import Dispatch
import Linux
import Recording
import Transparency
import Varlink

/// Signs the status of the host when somebody asks, and tells callers when it is out of date.
///
/// Within a second all callers get the same note. It is made elsewhere than on the engine's queue, of
/// a value; nothing is made, and nobody woken, unless somebody asks.
final class Attestor {
    /// In microseconds.
    private static let freshness: Int64 = 1_000_000

    /// A note, and the state that it tells of.
    private struct Kept {
        let reply: Result<String, VarlinkError>
        let revision: Revision
        let madeAt: Int64
    }

    /// The state that a note tells of: another revision is another state.
    struct Revision: Hashable {
        var questions: UInt64
        var conditions: UInt64
    }

    private let queue = DispatchQueue(label: "io.jitgate.attest")
    private var kept: Kept?
    private var isMaking = false
    /// Callers that wait for the note under way.
    private var asking: [PendingCall<AttestReply>] = []
    /// Callers that wait for a change, with the state that they were told of.
    private var watching: [(call: PendingCall<AttestReply>, revision: Revision)] = []
    private let audit: AuditWriter
    private let report: StatusReport
    private let questions: Questions
    private let conditions: HostConditions
    private let events: LoopEvents

    init(
        _ audit: AuditWriter,
        _ report: StatusReport,
        _ questions: Questions,
        _ conditions: HostConditions,
        _ events: LoopEvents
    ) {
        (self.audit, self.report, self.questions) = (audit, report, questions)
        (self.conditions, self.events) = (conditions, events)
    }

    private var revision: Revision {
        Revision(questions: questions.revision, conditions: conditions.revision)
    }

    func attest(_ call: PendingCall<AttestReply>) {
        let now = ClockReading.monotonicMicroseconds()
        if let kept, now - kept.madeAt < Self.freshness {
            answer(call, kept)
            return tellChange()
        }
        asking.append(call)
        guard !isMaking else { return }
        isMaking = true
        let snapshot = report.snapshot()
        let (revision, key) = (revision, audit.signingKey)
        let checkpoint = audit.checkpoint
        events.run(on: queue) {
            let begin = ContinuousClock.now
            let made = Self.sign(snapshot, over: checkpoint, by: key)
            return (made, spent: begin.duration(to: .now))
        } then: { loop, made in
            let kept = Kept(reply: made.0, revision: revision, madeAt: now)
            loop.attestor.take(kept, spent: made.spent)
        }
    }

    private func take(_ made: Kept, spent: Duration) {
        (kept, isMaking) = (made, false)
        asking.first?.untyped.charge(spent)
        let calls = asking
        asking = []
        for call in calls { answer(call, made) }
        tellChange()
    }

    private func answer(_ call: PendingCall<AttestReply>, _ kept: Kept) {
        do throws(VarlinkError) {
            let reply = AttestReply(note: try kept.reply.get())
            guard call.wantsMore else { return call.finish(reply) }
            call.send(reply)
            watching.append((call, kept.revision))
        } catch {
            call.fail(error)
        }
    }

    /// Tells those who were told of another state than that of now; cheap if nobody waits.
    func tellChange() {
        guard !watching.isEmpty else { return }
        let now = revision
        for entry in watching where entry.revision != now {
            entry.call.finish(AttestReply(note: nil))
        }
        watching.removeAll { $0.revision != now || !$0.call.isOpen }
    }

    private static func sign(
        _ snapshot: StatusSnapshot,
        over checkpoint: String,
        by key: AuditKey?
    ) -> Result<String, VarlinkError> {
        guard let key, !checkpoint.isEmpty else { return .failure(.unsigned) }
        do throws(ProofError) {
            return .success(try StatusNote.sign(snapshot.status, over: checkpoint, by: key))
        } catch {
            return .failure(.failed("the status cannot be signed: \(error)"))
        }
    }
}

extension VarlinkError {
    /// The key is not this machine's, or no checkpoint could be signed yet.
    static let unsigned = failed(
        "the audit log has no checkpoint by a key of this machine; jitgate status says why"
    )
}
