import Admission
import AgentInterface
import Auditing
import AgentSettings
import Grants
import Lifecycle
import Linux
import Recording
import Transparency
import Varlink

/// The handlers of the methods of the agent's interface.
///
/// A call that asks (`status`, `list`, `explain`, `inspect`) changes nothing.
final class ControlCalls {
    let turns: Turns
    let audit: AuditWriter
    let clocks: Clocks
    private let policy: PolicyManager
    let grants: GrantTable
    private let firewall: FirewallWriter
    private let connections: ConnectionParts
    let arrivals: ArrivalParts
    private let reporters: Reporters
    private let questions: Questions
    private let status: StatusReport
    private let attestor: Attestor
    private var handlers = CallHandlers()

    init(
        _ turns: Turns,
        _ audit: AuditWriter,
        _ clocks: Clocks,
        _ policy: PolicyManager,
        _ grants: GrantTable,
        _ firewall: FirewallWriter,
        _ connections: ConnectionParts,
        _ arrivals: ArrivalParts,
        _ reporters: Reporters,
        _ questions: Questions,
        _ status: StatusReport,
        _ attestor: Attestor
    ) {
        (self.turns, self.audit, self.clocks, self.policy) = (turns, audit, clocks, policy)
        (self.grants, self.firewall, self.connections) = (grants, firewall, connections)
        (self.arrivals, self.reporters) = (arrivals, reporters)
        (self.questions, self.status, self.attestor) = (questions, status, attestor)
        handleQuestions()
        handleChanges()
    }

    /// Hands a call to the handler of its method.
    func answer(_ call: CheckedCall, from peer: PeerCredentials, _ pending: AnyPendingCall) {
        handlers.perform(call, from: peer, pending)
    }

    private func handleQuestions() {
        handlers.on(AgentInterface.status) { [unowned self] _, _ in status.status() }
        handlers.on(AgentInterface.bars) { [unowned self] _, _ in bars() }
        handlers.onCall(AgentInterface.list) { [unowned self] parameters, peer, call in
            questions.list(parameters, from: peer, call)
        }
        handlers.onCall(AgentInterface.explain) { [unowned self] parameters, peer, call in
            questions.explain(parameters, from: peer, call)
        }
        handlers.onCall(AgentInterface.inspect) { [unowned self] _, peer, call in
            questions.inspect(from: peer, call)
        }
        handlers.onCall(AgentInterface.count) { [unowned self] _, peer, call in
            questions.count(from: peer, call)
        }
        handlers.onCall(AgentInterface.attest) { [unowned self] _, _, call in
            attestor.attest(call)
        }
        handlers.onCall(AgentInterface.prove) { [unowned self] parameters, peer, call in
            questions.prove(parameters, from: peer, call)
        }
        handlers.onCall(AgentInterface.verdict) { [unowned self] parameters, _, call in
            arrivals.submissions.tell(call, of: parameters)
        }
        handlers.onCall(AgentInterface.watch) { [unowned self] _, _, call in reporters.add(call) }
    }

    private func handleChanges() {
        handlers.on(AgentInterface.revoke) {
            [unowned self] parameters, peer throws(VarlinkError) in
            try revoke(parameters, by: peer)
        }
        handlers.on(AgentInterface.unbar) {
            [unowned self] parameters, peer throws(VarlinkError) in
            try unbar(parameters, by: peer)
        }
        handlers.on(AgentInterface.reload) { [unowned self] parameters, _ throws(VarlinkError) in
            try reload(from: parameters.sessions)
        }
        handlers.on(AgentInterface.tryPolicy) {
            [unowned self] parameters, peer throws(VarlinkError) in
            try beginTrial(parameters, by: peer)
        }
        handlers.on(AgentInterface.confirm) { [unowned self] _, peer throws(VarlinkError) in
            try confirmTrial(by: peer)
        }
        handlers.on(AgentInterface.acceptClock) { [unowned self] _, peer throws(VarlinkError) in
            try acceptClock(by: peer)
        }
        handlers.on(AgentInterface.rekey) { [unowned self] _, peer throws(VarlinkError) in
            try rekey(by: peer)
        }
    }

    // MARK: policy

    /// Puts the policy on disk in force; `sessions` are the caller's own.
    func reload(from sessions: [SSHConnection] = []) throws(VarlinkError) -> ReloadReply {
        try reporters.reloading { () throws(VarlinkError) in
            try turns.run { now throws(VarlinkError) in
                try policy.reload()
                firewall.called(from: sessions)
                turns.policyChanged(at: now)
            }
            return reloaded
        }
    }

    private func beginTrial(
        _ parameters: TryParameters,
        by peer: PeerCredentials
    ) throws(VarlinkError) -> TrialReply {
        let deadline = try turns.run { now throws(VarlinkError) in
            let deadline = now.closing + parameters.duration
            try policy.beginTrial(until: deadline, by: peer)
            firewall.called(from: parameters.sessions)
            turns.policyChanged(at: now)
            return deadline
        }
        return TrialReply(
            mode: policy.policy.mode,
            protectedPorts: policy.policy.protectedPorts,
            until: deadline,
            sessionsLeftOut: firewall.existingLeftOut
        )
    }

    private var reloaded: ReloadReply {
        ReloadReply(policy.configuration, leavingOut: firewall.existingLeftOut)
    }

    private func confirmTrial(by peer: PeerCredentials) throws(VarlinkError) -> ReloadReply {
        try turns.run { now throws(VarlinkError) in
            if policy.endTrial(ifOverAt: now.closing) { turns.policyChanged(at: now) }
            try policy.confirmTrial(by: peer)
            turns.policyChanged(at: now)
        }
        return reloaded
    }

    // MARK: clock and log

    /// Ends all live grants and goes on with the time of the wall clock, which is behind.
    ///
    /// Nothing that was open gets more time by it, since nothing is.
    private func acceptClock(by peer: PeerCredentials) throws(VarlinkError) -> AcceptClockReply {
        turns.run { _ in }
        guard clocks.isHeld else { throw .clockNotHeld }
        guard policy.commit.deadline == nil else {
            throw .failed("a policy is on trial: confirm it, or wait until its time is over")
        }
        let origin = RevocationOrigin(actors: [peer.actor], comment: nil)
        let ids = grants.allLive
        turns.run { _ in
            let all = RevocationSelection(ids: ids)
            grants.revoke(PendingRevocation(all, reason: .clock, origin: origin))
        }
        try requireAllEnded()
        let now = clocks.read()
        let moment = Moment(microseconds: now.reading.wallMicroseconds)
        let text = "The wall clock's word was taken: time goes on there"
        do throws(RecordingError) {
            try clocks.goBack(to: moment, text, origin.fields, in: audit)
        } catch {
            throw .failed("it cannot be recorded, so time is held as before: \(error)")
        }
        turns.timeWentBack()
        // Files may have been refused by the time that has proved wrong.
        turns.run { _ in arrivals.judgeEverything() }
        return AcceptClockReply(time: moment, ended: ids)
    }

    func requireCommitted() throws(VarlinkError) {
        guard let error = firewall.failure else { return }
        throw .failed("the kernel did not take it: \(error)")
    }

    private func requireAllEnded() throws(VarlinkError) {
        try requireCommitted()
        if audit.isWaiting {
            let reason = audit.failure.map { ": \($0)" } ?? ""
            throw .failed("the ends of grants cannot be recorded\(reason)")
        }
        guard grants.allLive.isEmpty else {
            throw .failed("some grants are still live: jitgate list; try again")
        }
    }

    /// Continues the log under a new key; from then on grants open as elsewhere.
    private func rekey(by peer: PeerCredentials) throws(VarlinkError) -> RekeyReply {
        guard audit.isClone else {
            throw .failed("the audit log and its key are of this very machine")
        }
        let key: VerifierKey?
        do throws(RecordingError) {
            key = try audit.rekey(policy.configuration, by: peer.actor, at: .now())
        } catch {
            throw .failed("the log has no key of its own yet: \(error)")
        }
        turns.run { _ in arrivals.judgeEverything() }
        return RekeyReply(key: key.map { "\($0)" } ?? "")
    }
}

extension PeerCredentials {
    /// The name of a caller in records.
    var actor: String { "uid:\(userID)" }
}

extension ReloadReply {
    fileprivate init(_ configuration: Configuration, leavingOut count: Int) {
        let policy = configuration.policy
        self.init(
            mode: policy.mode,
            protectedPorts: policy.protectedPorts,
            sessionsLeftOut: count
        )
    }
}
