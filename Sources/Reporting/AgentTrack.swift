import Auditing
import Grants

/// When the agent ran and in which mode, as its records tell.
struct AgentTrack {
    private(set) var exceptions: [Exception] = []
    private(set) var mode: String?
    private var modeSince: Moment?
    private var policy: String?
    private var stopped: Moment?
    private var last: Moment?
    /// The last record before the one that a start begins with.
    private var lastBeforeLoad: Moment?
    private var hasStarted = false

    var isObserving: Bool { mode == "observe" }

    mutating func take(_ record: Record) {
        let moment = record.stamp.realtime
        let entry = record.entry
        switch entry.event {
        case .policyLoaded: takePolicy(entry, at: moment)
        case .modeChanged:
            switchMode(to: entry[.mode], at: moment)
        case .policyRefused:
            exceptions.append(Exception(.policyChanged, from: moment, entry.message))
        case .agentStarted: takeStart(at: moment)
        case .agentStopped: stopped = moment
        case .tamperDetected, .tamperRepaired:
            exceptions.append(Exception(.tampered, from: moment, entry.message))
        case .clockStepped:
            exceptions.append(Exception(.clockStepped, from: moment, entry.message))
        case .grantAccepted, .grantRefused, .grantOpened, .grantUsed, .grantClosed,
            .attemptDenied:
            break
        }
        last = moment
    }

    /// What is so until the end of what is read.
    mutating func finish(at end: Moment) {
        switchMode(to: nil, at: end)
        guard let stopped, stopped < end else { return }
        exceptions.append(Exception(.agentDown, from: stopped, to: end, "It was stopped"))
    }

    private mutating func takePolicy(_ entry: AuditEntry, at moment: Moment) {
        lastBeforeLoad = last
        switchMode(to: entry[.mode] ?? mode, at: moment)
        guard let digest = entry[.policyDigest], digest != policy else { return }
        if policy != nil {
            exceptions.append(Exception(.policyChanged, from: moment, entry.message))
        }
        policy = digest
    }

    private mutating func switchMode(to next: String?, at moment: Moment) {
        guard next != mode else { return }
        if isObserving, let modeSince {
            exceptions.append(
                Exception(
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
            exceptions.append(Exception(.agentDown, from: since, to: moment, text))
        }
        stopped = nil
        hasStarted = true
    }
}
