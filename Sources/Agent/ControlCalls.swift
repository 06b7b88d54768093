import Admission
import AgentInterface
import Auditing
import Configuration
import Grants
import Lifecycle
import Linux
import Recording
import Transparency

/// What others ask over the control socket.
///
/// A call that asks (`status`, `list`, `explain`, `inspect`) changes nothing.
final class ControlCalls {
    private let turns: Turns
    private let audit: AuditWriter
    private let clocks: Clocks
    private let policy: PolicyManager
    private let grants: GrantTable
    private let firewall: FirewallWriter
    private let connections: ConnectionParts
    private let files: FileReader
    private let submissions: Submissions
    private let reporters: Reporters
    private let questions: Questions
    private let status: StatusReport

    init(
        _ turns: Turns,
        _ audit: AuditWriter,
        _ clocks: Clocks,
        _ policy: PolicyManager,
        _ grants: GrantTable,
        _ firewall: FirewallWriter,
        _ connections: ConnectionParts,
        _ files: FileReader,
        _ submissions: Submissions,
        _ reporters: Reporters,
        _ questions: Questions,
        _ status: StatusReport
    ) {
        (self.turns, self.audit, self.clocks, self.policy) = (turns, audit, clocks, policy)
        (self.grants, self.firewall, self.connections) = (grants, firewall, connections)
        (self.files, self.submissions, self.reporters) = (files, submissions, reporters)
        (self.questions, self.status) = (questions, status)
    }

    func answer(_ request: ControlRequest, from peer: PeerCredentials, _ replier: PendingCall) {
        do throws(VarlinkError) {
            switch request {
            case .status: replier.finish(status.status())
            case .list, .inspect: questions.ask(request, from: peer, replier)
            case .explain(let source, let port):
                guard (try? Prefix(parsing: source)) != nil else {
                    throw .invalidParameter("source")
                }
                guard (try? Port(parsing: port)) != nil else { throw .invalidParameter("port") }
                questions.ask(request, from: peer, replier)
            case .revoke(let target, let reason):
                replier.finish(try revoke(target, reason, by: peer))
            case .verdict(let file, let sha256): submissions.tell(replier, of: file, sha256)
            case .reload(let sessions): replier.finish(try reload(from: sessions))
            case .tryPolicy(let seconds, let sessions):
                replier.finish(try beginTrial(seconds: seconds, by: peer, from: sessions))
            case .confirm: replier.finish(try confirmTrial(by: peer))
            case .acceptClock: replier.finish(try acceptClock(by: peer))
            case .rekey: replier.finish(try rekey(by: peer))
            case .watch: reporters.add(replier)
            }
        } catch {
            replier.fail(error)
        }
    }

    // MARK: grants

    private func revoke(
        _ target: ControlRequest.Target,
        _ reason: String,
        by peer: PeerCredentials
    ) throws(VarlinkError) -> RevokeReply {
        let ids: [GrantID]
        switch target {
        case .all: ids = grants.allLive
        case .ids(let texts): ids = try texts.map { text throws(VarlinkError) in try known(text) }
        }
        let origin = RevocationOrigin(actors: [peer.actor], comment: reason)
        turns.run { _ in
            if case .all = target { connections.drains.endKept(in: audit, origin) }
            grants.revoke(PendingRevocation(ids: ids, origin: origin))
        }
        try requireCommitted()
        if audit.isWaiting, let error = audit.failure {
            let text = "it is closed, but that is not on record until the disk takes it: \(error)"
            throw .failed(text)
        }
        return RevokeReply(revoked: ids.map(\.description))
    }

    private func known(_ text: String) throws(VarlinkError) -> GrantID {
        guard let id = try? GrantID(parsing: text), grants.lifecycle.grants.isLive(id)
        else { throw .noSuchGrant([text]) }
        return id
    }

    // MARK: policy

    /// Puts the policy on disk in force; `sessions` are the caller's own.
    func reload(from sessions: [String] = []) throws(VarlinkError) -> ReloadReply {
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
        seconds: Int,
        by peer: PeerCredentials,
        from sessions: [String]
    ) throws(VarlinkError) -> TrialReply {
        let deadline = try turns.run { now throws(VarlinkError) in
            let deadline = now.closing + .seconds(seconds)
            try policy.beginTrial(until: deadline, by: peer)
            firewall.called(from: sessions)
            turns.policyChanged(at: now)
            return deadline
        }
        return TrialReply(
            mode: policy.policy.mode.rawValue,
            protectedPorts: policy.policy.protectedPorts,
            until: deadline.description,
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

    /// Ends what is live and takes the wall clock's word, which is behind.
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
            grants.revoke(PendingRevocation(ids: ids, reason: .clock, origin: origin))
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
        // Files that were refused for a time that is not so.
        turns.run { _ in files.readEverything() }
        return AcceptClockReply(time: moment.description, ended: ids.map(\.description))
    }

    private func requireCommitted() throws(VarlinkError) {
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

    /// Has the log go on under a new key; from then on grants open as elsewhere.
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
        turns.run { _ in files.readEverything() }
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
            mode: policy.mode.rawValue,
            protectedPorts: policy.protectedPorts,
            sessionsLeftOut: count
        )
    }
}
