import Auditing
import Grants

/// The times and modes in which the agent ran, from its records.
struct AgentTimeline {
    private var own: [AuditFinding] = []
    private var trust = TrustTimeline()
    /// The policy that returns at a moment, unless another is loaded before.
    private var trial: (end: Moment, fallback: ReportedPolicy?)?
    private(set) var mode: String?
    private var modeSince: Moment?
    private var policy: String?
    private var stopped: Moment?
    private var last: Moment?
    /// The last record before the one that a start begins with.
    private var lastBeforeLoad: Moment?
    private var hasStarted = false

    var isObserving: Bool { mode == "observe" }

    var exceptions: [AuditFinding] { own + trust.exceptions }

    /// Reads the next record; `policy` and `fallback` are the policies in it.
    mutating func take(_ record: Record, _ policy: ReportedPolicy?, _ fallback: ReportedPolicy?) {
        let moment = record.stamp.realtime
        endTrial(by: moment)
        // The state before a log that lost its beginning is unknown.
        if last == nil, record.sequence > 0 { trust.trust(nil, at: moment) }
        let entry = record.entry
        switch entry.event {
        case .policyLoaded: takePolicy(entry, policy, fallback, at: moment)
        case .modeChanged:
            switchMode(to: entry[.mode], at: moment)
        case .policyRefused:
            own.append(AuditFinding(.policyChanged, from: moment, entry.message))
        case .agentStarted: takeStart(at: moment)
        case .agentStopped: stopped = moment
        case .tamperDetected, .tamperRepaired:
            own.append(AuditFinding(.tampered, from: moment, entry.message))
        case .clockStepped, .clockAccepted:
            own.append(AuditFinding(.clockStepped, from: moment, entry.message))
        case .hostChanged, .auditRekeyed:
            own.append(AuditFinding(.hostChanged, from: moment, entry.message))
        case .grantAccepted, .grantRefused, .offersRefused, .grantOpened, .grantUsed, .grantClosed,
            .drainEnded, .attemptDenied, .attemptsSummary, .breakGlassOpened, .reviewAccepted,
            .revocationAccepted:
            break
        case .bulletinAccepted, .barLifted:
            guard !BulletinRecords.keys(in: entry).isEmpty else { break }
            own.append(AuditFinding(.keysRevoked, from: moment, entry.message))
        }
        last = moment
    }

    /// Ends all open spans at the end of the period.
    mutating func finish(at end: Moment) {
        endTrial(by: end)
        trust.trust([], at: end)
        switchMode(to: nil, at: end)
        guard let stopped, stopped < end else { return }
        own.append(AuditFinding(.agentDown, from: stopped, to: end, "It was stopped"))
    }

    private mutating func takePolicy(
        _ entry: AuditEntry,
        _ loaded: ReportedPolicy?,
        _ fallback: ReportedPolicy?,
        at moment: Moment
    ) {
        lastBeforeLoad = last
        switchMode(to: entry[.mode] ?? mode, at: moment)
        // Loading allowed signers makes such a record, too.
        guard entry[.policyDigest] != nil else { return }
        trust.trust(loaded?.trusted, at: moment)
        let end = entry[.deadline].flatMap { try? Moment(parsing: $0) }
        trial = end.map { ($0, fallback) }
        guard let digest = entry[.policyDigest], digest != policy else { return }
        if policy != nil {
            own.append(AuditFinding(.policyChanged, from: moment, entry.message))
        }
        policy = digest
    }

    /// Ends a trial: the kernel itself returns to the policy before, even while no agent runs.
    private mutating func endTrial(by moment: Moment) {
        guard let ended = trial, ended.end <= moment else { return }
        trial = nil
        trust.trust(ended.fallback?.trusted, at: ended.end)
        switchMode(to: ended.fallback?.mode ?? mode, at: ended.end)
    }

    private mutating func switchMode(to next: String?, at moment: Moment) {
        guard next != mode else { return }
        if isObserving, let modeSince {
            own.append(
                AuditFinding(
                    .observed,
                    from: modeSince,
                    to: moment,
                    "Nothing was denied, only recorded"
                )
            )
        }
        mode = next
        modeSince = moment
    }

    private mutating func takeStart(at moment: Moment) {
        let since = stopped ?? (hasStarted ? lastBeforeLoad : nil)
        if let since, since < moment {
            let text = stopped == nil ? "It ended without a record of it" : "It was stopped"
            own.append(AuditFinding(.agentDown, from: since, to: moment, text))
        }
        stopped = nil
        hasStarted = true
    }
}
