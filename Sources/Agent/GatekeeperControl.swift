import Admission
import Auditing
import Configuration
import Control
import Enforcement
import Grants
import Linux
import Recording
import Netfilter
import Scheduling

/// What others ask over the control socket.
extension Gatekeeper {
    func answer(_ request: ControlRequest, from peer: PeerCredentials, _ replier: ControlReplier) {
        do throws(ControlFault) {
            switch request {
            case .status: replier.finish(status())
            case .list(let all): replier.finish(GrantList(grants: list(all: all)))
            case .revoke(let target, let reason):
                replier.finish(try revoke(target, reason, by: peer))
            case .verdict(let file, let sha256): verdict(on: file, sha256, replier)
            case .reload: replier.finish(try reload())
            case .tryPolicy(let seconds):
                replier.finish(try beginTrial(seconds: seconds, by: peer))
            case .confirm: replier.finish(try confirmTrial(by: peer))
            case .acceptClock: replier.finish(try acceptClock(by: peer))
            case .explain(let source, let port):
                replier.finish(try explain(source: source, port: port))
            case .inspect: replier.finish(inspect())
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
        for path in unread.sorted() {
            problems.append("\(path) cannot be read, so what was dropped there is not known")
        }
        if let shortage = watch.shortage {
            problems.append("grant files are looked for every 5 s alone, as \(shortage)")
        }
        for directory in watch.missing {
            problems.append("\(directory) does not exist, so no grant can be dropped there")
        }
        return problems
    }

    private func list(all: Bool) -> [GrantEntry] {
        packetsCame()
        let now = read()
        let carried = traffic(of: timetable.all)
        let live = timetable.all.compactMap { scheduled in
            facts[scheduled.id].map { facts in
                let came = visitors.connections[scheduled.id] ?? 0
                let total = scheduled.total(carried).map { GrantEntry.Traffic($0, came) }
                var entry = GrantEntry(scheduled, facts, total, at: now)
                if scheduled.isDraining { entry.sessions = ongoing[scheduled.id].count }
                return entry
            }
        }
        .sorted { ($0.deadline, $0.id) < ($1.deadline, $1.id) }
        guard all else { return live }
        let ended = trail.ledger.recentEndings.all.map(GrantEntry.init)
        let drains = Set(live.map(\.id))
        return ended.filter { !drains.contains($0.id) } + live
    }
}

extension GrantEntry {
    fileprivate init(
        _ scheduled: ScheduledGrant,
        _ facts: GrantFacts,
        _ traffic: GrantEntry.Traffic?,
        at now: Moment
    ) {
        let state: GrantEntry.State
        var opened: Moment?
        var drainEnd: Moment?
        let deadline: Moment
        switch scheduled.phase {
        case .waiting(let opening):
            (state, deadline) = (.waiting, scheduled.grant.deadline(openingAt: max(opening, now)))
        case .open(let since, let end): (state, opened, deadline) = (.open, since, end)
        case .draining(let since, let end, let until):
            (state, opened, deadline, drainEnd) = (.draining, since, end, until)
        }
        self.init(
            id: facts.grant.id.description,
            state: state,
            requestor: facts.grant.requestor,
            signers: facts.signers,
            justification: facts.grant.justification,
            sources: facts.grant.sources.map(\.description),
            ports: facts.grant.ports.map(\.description),
            opened: opened?.description,
            deadline: deadline.description,
            drainUntil: drainEnd?.description,
            secondsLeft: Int(max(0, ((drainEnd ?? deadline) - now).microseconds) / 1_000_000),
            traffic: traffic,
            file: facts.file
        )
    }

    /// A grant that has ended, as the record of its end tells it.
    fileprivate init(_ ended: EndedGrant) {
        let fields = ended.entry.fields
        self.init(
            id: ended.entry[.grant] ?? "",
            state: .ended,
            requestor: ended.entry[.requestor] ?? "",
            signers: fields[.signers] ?? [],
            justification: ended.entry[.justification],
            sources: fields[.sources] ?? [],
            ports: fields[.ports] ?? [],
            opened: ended.openedAt?.description,
            deadline: ended.endedAt.description,
            secondsLeft: 0,
            traffic: Traffic(fields),
            file: ended.entry[.file]
        )
    }
}

extension GrantEntry.Traffic {
    fileprivate init(_ counted: Netfilter.Traffic, _ connections: Int) {
        self.init(
            packets: Int64(clamping: counted.packets),
            bytes: Int64(clamping: counted.bytes),
            connections: Int64(connections)
        )
    }

    fileprivate init?(_ fields: [AuditField: [String]]) {
        let number = { (field: AuditField) in fields[field]?.first.flatMap { Int64($0) } }
        guard let packets = number(.packets), let bytes = number(.bytes) else { return nil }
        self.init(packets: packets, bytes: bytes, connections: number(.connections) ?? 0)
    }
}
