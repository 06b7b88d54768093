import Auditing
package import Grants

/// What the records tell of one grant, from its acceptance to its end.
package struct GrantStory: Hashable, Sendable {
    package let id: String
    package private(set) var requestor = ""
    package private(set) var signers: [String] = []
    package private(set) var justification = ""
    package private(set) var sources: [String] = []
    package private(set) var ports: [String] = []
    package private(set) var accepted: Moment?
    package private(set) var opened: Moment?
    package private(set) var deadline: Moment?
    package private(set) var firstUse: Moment?
    /// Connections that records or counters tell of, whichever are more.
    package private(set) var connections: Int64 = 0
    package private(set) var traffic: Int64?
    package private(set) var closed: Moment?
    package private(set) var reason = ""
    package private(set) var actor = ""
    package private(set) var comment = ""
    private var uses: Int64 = 0

    init(id: String) {
        self.id = id
    }

    mutating func take(_ record: Record) {
        let entry = record.entry
        let moment = record.stamp.realtime
        // A connection may be by other grants as well, and tells of one port alone.
        if entry.event != .grantUsed { takeFacts(entry) }
        switch entry.event {
        case .grantAccepted: accepted = moment
        case .grantOpened:
            opened = opened ?? moment
            deadline = entry[.deadline].flatMap { try? Moment(parsing: $0) }
        case .grantUsed:
            firstUse = firstUse ?? moment
            uses.add(1, entry.number(.missed) ?? 0)
            connections = max(connections, uses)
        case .grantClosed: takeEnd(entry, at: moment)
        case .agentStarted, .agentStopped, .policyLoaded, .policyRefused, .modeChanged,
            .grantRefused, .attemptDenied, .tamperDetected, .tamperRepaired, .clockStepped:
            break
        }
    }

    /// Every record of a grant says all of it; the first is as good as any.
    private mutating func takeFacts(_ entry: AuditEntry) {
        if requestor.isEmpty { requestor = entry[.requestor] ?? "" }
        if signers.isEmpty { signers = entry.fields[.signers] ?? [] }
        if justification.isEmpty { justification = entry[.justification] ?? "" }
        if sources.isEmpty { sources = entry.fields[.sources] ?? [] }
        if ports.isEmpty { ports = entry.fields[.ports] ?? [] }
    }

    private mutating func takeEnd(_ entry: AuditEntry, at moment: Moment) {
        closed = moment
        reason = entry[.reason] ?? ""
        actor = entry[.actor] ?? ""
        comment = entry[.comment] ?? ""
        traffic = entry.number(.bytes)
        connections = max(connections, entry.number(.connections) ?? 0)
    }

    /// When access ended, or would end as far as is known.
    package var end: Moment? { closed ?? deadline }

    /// Whether nobody but the requestor approved.
    package var isOwnApproval: Bool {
        !signers.isEmpty && signers.allSatisfy { $0 == requestor }
    }

    /// Whether access was possible at some time of a period.
    package func wasOpen(in period: Period) -> Bool {
        guard let opened else { return false }
        return opened < period.end && (end.map { $0 > period.start } ?? true)
    }
}

extension Int64 {
    /// What a record counts may be anything; a sum stays at the largest number.
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
