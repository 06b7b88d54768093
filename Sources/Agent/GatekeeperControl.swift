import Admission
import Auditing
import Configuration
import Control
import Enforcement
import Grants
import Linux
import Recording
import Scheduling

/// What others ask over the control socket.
extension Gatekeeper {
    func answer(_ request: ControlRequest, from peer: PeerCredentials, _ replier: ControlReplier) {
        do throws(ControlFault) {
            switch request {
            case .status: replier.finish(status())
            case .list, .inspect: ask(request, from: peer, replier)
            case .revoke(let target, let reason):
                replier.finish(try revoke(target, reason, by: peer))
            case .verdict(let file, let sha256): verdict(on: file, sha256, replier)
            case .reload(let sessions): replier.finish(try reload(from: sessions))
            case .tryPolicy(let seconds, let sessions):
                replier.finish(try beginTrial(seconds: seconds, by: peer, from: sessions))
            case .confirm: replier.finish(try confirmTrial(by: peer))
            case .acceptClock: replier.finish(try acceptClock(by: peer))
            case .explain(let source, let port):
                guard (try? Prefix(parsing: source)) != nil else {
                    throw .invalidParameter("source")
                }
                guard (try? Port(parsing: port)) != nil else { throw .invalidParameter("port") }
                ask(request, from: peer, replier)
            case .rekey: replier.finish(try rekey(by: "uid:\(peer.userID)"))
            case .watch: watchers.add(replier)
            }
        } catch {
            replier.fail(error)
        }
    }

    private func revoke(
        _ target: ControlRequest.Target,
        _ reason: String,
        by peer: PeerCredentials
    ) throws(ControlFault) -> RevokeReply {
        let ids: [GrantID]
        switch target {
        case .all: ids = (timetable.all.map(\.id) + unseen).sorted()
        case .ids(let texts): ids = try texts.map { text throws(ControlFault) in try known(text) }
        }
        let fields: [AuditField: [String]] = [
            .actor: ["uid:\(peer.userID)"], .comment: [reason],
        ]
        if case .all = target { endKeptSessions(fields) }
        revocations.append(PendingRevocation(ids: ids, fields: fields, file: nil))
        settle()
        if let problem = gateProblem { throw .failed("the kernel did not take it: \(problem)") }
        if trail.isWaiting, let problem = trail.problem {
            let text = "it is closed, but that is not on record until the disk takes it: \(problem)"
            throw .failed(text)
        }
        return RevokeReply(revoked: ids.map(\.description))
    }

    private func known(_ text: String) throws(ControlFault) -> GrantID {
        guard let id = try? GrantID(parsing: text), timetable[id] != nil || unseen.contains(id)
        else { throw .noSuchGrant([text]) }
        return id
    }

    private func verdict(on file: String, _ sha256: String, _ replier: ControlReplier) {
        if let verdict = board.verdict(on: file, sha256: sha256) { return replier.finish(verdict) }
        guard replier.wantsMore else { return replier.finish(FileVerdict.pending) }
        replier.send(FileVerdict.pending)
        board.wait(replier, for: file, sha256: sha256)
    }

    // MARK: how it is

    private func status() -> AgentStatus {
        let policy = rulebook.configuration.policy
        return AgentStatus(
            mode: policy.mode.rawValue,
            problems: problems,
            warnings: refused.warnings + [diskWarning].compactMap(\.self),
            openGrants: timetable.openCount,
            waitingGrants: timetable.all.count - timetable.openCount - timetable.drainingCount,
            drainingGrants: timetable.drainingCount,
            ongoingSessions: gate.ongoingCount,
            nextDeadline: timetable.nextDeadline?.description,
            protectedPorts: policy.ports.keys.sorted().map(\.description),
            trusted: policy.trusted.map(\.description),
            version: Release.version,
            bootID: host.bootID,
            records: Int(trail.ledger.nextSequence),
            rung: gate.rung.rawValue,
            trialUntil: tenure.deadline?.description,
            heldTime: heldTime
        )
    }

    var problems: [String] {
        var problems: [String] = []
        if let problem = trail.problem {
            problems.append("the audit log takes no records, so nothing opens: \(problem)")
        }
        if let problem = trail.upkeepProblem {
            problems.append(
                "the audit log has all records, but not all that goes with them: \(problem)"
            )
        }
        if let problem = cloneProblem { problems.append(problem) }
        if let problem = gateProblem { problems.append("the kernel refused a change: \(problem)") }
        if let problem = policyProblem {
            problems.append("the policy on disk is not in force: \(problem)")
        }
        if let problem = signersProblem {
            problems.append("the allowed signers on disk are not in force: \(problem)")
        }
        if let problem = visitors.logProblem { problems.append(problem) }
        if let problem = visitors.cutProblem { problems.append(problem) }
        if let problem = journal.problem { problems.append(problem) }
        if let problem = tenureProblem { problems.append(problem) }
        if let problem = heldTime?.problem { problems.append(problem) }
        for path in unread.sorted().prefix(8) {
            problems.append("\(path) cannot be read, so what was dropped there is not known")
        }
        if let shortage = watch.shortage {
            problems.append("grant files are looked for every 5 s alone, as \(shortage)")
        }
        problems += refused.problems
        for directory in watch.missing {
            problems.append("\(directory) does not exist, so no grant can be dropped there")
        }
        return problems
    }
}
