import Auditing
package import Grants

/// The life of one grant from its acceptance to its end, from its records.
package struct GrantTimeline: Hashable, Sendable {
    package let id: String
    package private(set) var requestor = ""
    package private(set) var signers: [String] = []
    package private(set) var approvers: [String] = []
    /// The `[[approver]]` entries with an alarm that let in a break-glass grant.
    package private(set) var breakGlass: [String] = []
    package private(set) var alarmed: Moment?
    package private(set) var review: ReportedReview?
    package private(set) var justification = ""
    package private(set) var ticket = ""
    package private(set) var sources: [String] = []
    package private(set) var ports: [String] = []
    package private(set) var accepted: Moment?
    package private(set) var opened: Moment?
    package private(set) var deadline: Moment?
    package private(set) var firstUse: Moment?
    /// The number of connections, by records or by counters, whichever is larger.
    package private(set) var connections: Int64 = 0
    package private(set) var traffic: Int64?
    package private(set) var closed: Moment?
    package private(set) var reason = ""
    /// The end of the drain after the deadline, and the number of its sessions at the deadline.
    package private(set) var drainUntil: Moment?
    package private(set) var drainCount: Int64 = 0
    /// The end of the last drained session, and its reason.
    package private(set) var drained: Moment?
    package private(set) var drainReason = ""
    package private(set) var actor = ""
    package private(set) var comment = ""
    private var uses: Int64 = 0
    private var hasFacts = false

    init(id: String) {
        self.id = id
    }

    mutating func take(_ record: Record) {
        let entry = record.entry
        let moment = record.stamp.realtime
        switch entry.event {
        case .grantAccepted:
            takeFacts(entry)
            accepted = moment
        case .grantOpened:
            if !hasFacts { takeFacts(entry) }
            opened = opened ?? moment
            deadline = entry[.deadline].flatMap { try? Moment(parsing: $0) }
        case .breakGlassOpened:
            if !hasFacts { takeFacts(entry) }
            alarmed = alarmed ?? moment
        case .reviewAccepted: review = review ?? ReportedReview(record)
        case .grantUsed:
            firstUse = firstUse ?? moment
            uses.add(1, entry.number(.missed) ?? 0)
            connections = max(connections, uses)
        case .grantClosed:
            if !hasFacts { takeFacts(entry) }
            takeEnd(entry, at: moment)
        case .drainEnded:
            drained = moment
            drainReason = entry[.reason] ?? ""
        case .agentStarted, .agentStopped, .policyLoaded, .policyRefused, .modeChanged,
            .grantRefused, .offersRefused, .attemptDenied, .attemptsSummary, .tamperDetected,
            .tamperRepaired, .clockStepped, .clockAccepted, .hostChanged, .auditRekeyed,
            .revocationAccepted, .barLifted, .bulletinAccepted:
            break
        }
    }

    /// Reads the facts from the record with the signed file, which verification compares with that
    /// file, signers included.
    ///
    /// If retention removed that record, the next one serves as well.
    private mutating func takeFacts(_ entry: AuditEntry) {
        hasFacts = true
        requestor = entry[.requestor] ?? ""
        signers = entry.fields[.signers] ?? []
        approvers = entry.fields[.approvers] ?? []
        breakGlass = entry.fields[.breakGlass] ?? []
        justification = entry[.justification] ?? ""
        ticket = entry[.ticket] ?? ""
        sources = entry.fields[.sources] ?? []
        ports = entry.fields[.ports] ?? []
    }

    private mutating func takeEnd(_ entry: AuditEntry, at moment: Moment) {
        closed = moment
        reason = entry[.reason] ?? ""
        actor = entry[.actor] ?? ""
        comment = entry[.comment] ?? ""
        drainUntil = entry[.drainUntil].flatMap { try? Moment(parsing: $0) }
        drainCount = entry.number(.draining) ?? 0
        traffic = entry.number(.bytes)
        connections = max(connections, entry.number(.connections) ?? 0)
    }

    /// The known or expected end of access, with the last session that drained.
    package var end: Moment? { drained ?? drainUntil ?? closed ?? deadline }

    /// True if only the requestor approved.
    package var isOwnApproval: Bool {
        !signers.isEmpty && signers.allSatisfy { $0 == requestor }
    }

    /// Returns whether access was possible at some time of a period.
    package func wasOpen(in period: Period) -> Bool {
        guard let opened else { return false }
        return opened < period.end && (end.map { $0 > period.start } ?? true)
    }
}

extension Int64 {
    /// Adds numbers from a record, which may be anything; a sum saturates.
    mutating func add(_ numbers: Int64...) {
        for number in numbers {
            let (sum, overflow) = addingReportingOverflow(number)
            self = overflow ? .max : sum
        }
    }
}

extension AuditEntry {
    func number(_ field: AuditField) -> Int64? {
        self[field].flatMap { Int64($0) }.map { max(0, $0) }
    }
}
