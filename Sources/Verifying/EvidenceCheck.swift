import Admission
import Auditing
import Grants
import Signatures

/// Checks the evidence in records: files by their digests, and every signature again as of then.
package struct EvidenceCheck: Sendable {
    /// The most that the agent's time may be ahead of what its records show.
    ///
    /// It reads two clocks, one after the other, and a machine may stand still in between.
    static let tolerance = Duration.seconds(60)

    /// The agent's time: it never went back, also where the wall clock did.
    private var clock = TimeLowerBound()
    private var signatureCheck = SignatureCheck()
    var grantStates: StandingCheck
    var policies: PolicyCheck
    var revocations: RevocationCheck
    private var alarms: BreakGlassCheck
    var bars = BarCheck()
    /// The rules that grants are judged by; `nil` for those of a later release.
    private var rules: RulesVersion? = .current
    /// True if a record names the rules in force.
    private var isRulesOnRecord = false
    /// True if all records are at hand, so that each one that another rests on must be among them.
    private let isWhole: Bool

    init(isWhole: Bool) {
        self.isWhole = isWhole
        grantStates = StandingCheck(isWhole: isWhole)
        policies = PolicyCheck(isWhole: isWhole)
        revocations = RevocationCheck(isWhole: isWhole)
        alarms = BreakGlassCheck(isWhole: isWhole)
    }

    /// The number of signatures, each valid when its record was made.
    package var signatures: Int { signatureCheck.count }
    /// The signers of grants; of many the first ones.
    var approvers: [String] { signatureCheck.approvers }
    /// The signers of revocations; of many the first ones.
    var revokers: [String] { signatureCheck.revokers }
    /// The number of grants that were not held to the policy that let them in.
    package var unjudged: Int { policies.unjudged }
    /// The number of grants that were held to earlier rules, those of their time.
    package var judgedByEarlierRules: Int { policies.judgedByEarlierRules }
    /// The number of openings whose grant was accepted in a record that is not at hand.
    package var unproven: Int { grantStates.unproven }

    /// Takes note of when a record was made.
    mutating func see(_ record: Record) {
        clock.take(record)
    }

    /// The faults in the evidence of the next record.
    mutating func flaws(of record: Record) -> [LogFlaw] {
        let before = clock
        see(record)
        do throws(RecordFlaw) {
            try check(record)
            if record.entry.event == .clockAccepted { try checkClock(record, after: before) }
        } catch {
            return [error.flaw(of: record.sequence)]
        }
        return []
    }

    private mutating func check(_ record: Record) throws(RecordFlaw) {
        let entry = record.entry
        let moment = clock.moment ?? record.stamp.realtime
        try Self.requireSingleFields(entry)
        switch entry.event {
        case .grantAccepted: try checkAcceptance(record, at: moment)
        case .grantOpened:
            try grantStates.open(entry, by: moment + Self.tolerance)
            try alarms.open(entry)
        case .breakGlassOpened: try alarms.alarm(entry)
        case .reviewAccepted: try checkReview(record, at: moment)
        case .policyLoaded: try checkPolicy(entry)
        case .revocationAccepted: try checkRevocationRecord(record, at: moment)
        case .barLifted: try checkUnbar(record, at: moment)
        case .bulletinAccepted: try checkBulletin(record, at: moment)
        default:
            try checkRevocation(record, at: moment)
            if entry.event == .grantClosed {
                alarms.close(entry)
                try grantStates.close(entry)
            }
            if entry.event == .drainEnded { try grantStates.endDrain(entry) }
        }
    }

    /// Time may go back behind a step forward that was taken back, or on root's word.
    private func checkClock(
        _ record: Record,
        after before: TimeLowerBound
    ) throws(RecordFlaw) {
        guard let moment = record.entry.acceptedTime else {
            throw RecordFlaw(.evidence, "its JITGATE_CLOCK is no time")
        }
        guard isWhole else { return }
        guard record.entry[.actor] == nil else {
            guard grantStates.hasLive else { return }
            throw RecordFlaw(.evidence, "time went back while grants were live")
        }
        guard before.mayGoBack(to: moment, by: record.stamp, slack: Self.tolerance) else {
            throw RecordFlaw(.evidence, "time went back behind no step forward, on nobody's word")
        }
    }

    private mutating func checkAcceptance(
        _ record: Record,
        at moment: Moment
    ) throws(RecordFlaw) {
        let entry = record.entry
        guard entry[.evidence] != nil else {
            try grantStates.accept(entry, nil)
            throw RecordFlaw(.evidence, "an accepted grant without its file")
        }
        let document = try signed(entry, at: moment)
        guard case .grant(let grant) = document.content else { return }
        try grantStates.accept(entry, grant, by: document.payload.parties)
        alarms.accept(entry, grant, document.payload)
        let latest = moment + Self.tolerance
        try policies.judge(
            grant,
            document.payload,
            superseding: grantStates.superseded(by: grant),
            barredBy: isWhole ? bars.bar(of: grant, document.payload, at: latest) : nil,
            in: record,
            at: latest,
            under: rules
        )
    }

    mutating func signed(
        _ entry: AuditEntry,
        at moment: Moment
    ) throws(RecordFlaw) -> SignedDocument {
        do throws(RecordFlaw) {
            try Self.requireFile(entry)
            return try signatureCheck.signed(
                entry,
                at: moment,
                under: rules ?? .current,
                isOnRecord: isRulesOnRecord && rules != nil
            )
        } catch {
            // What rests on it is said to be wrong once.
            if entry.event == .grantAccepted { try? grantStates.accept(entry, nil) }
            throw error
        }
    }

    private mutating func checkRevocation(
        _ record: Record,
        at moment: Moment
    ) throws(RecordFlaw) {
        let entry = record.entry
        if entry[.evidence] != nil {
            let document = try signed(entry, at: moment)
            guard case .revocation(let revocation) = document.content else { return }
            try requireAuthority(over: revocation, document.payload, in: record)
            revocations.take(revocation, entry)
        } else if [.grantClosed, .drainEnded].contains(entry.event) {
            try revocations.require(record, of: grantStates.revocable(entry))
        }
    }

    private mutating func checkReview(_ record: Record, at moment: Moment) throws(RecordFlaw) {
        guard record.entry[.evidence] != nil else {
            throw RecordFlaw(.evidence, "an accepted review without its file")
        }
        let document = try signed(record.entry, at: moment)
        guard case .review(let review) = document.content else { return }
        let admission = try policies.admission(for: record)
        try alarms.review(review, document.payload, by: admission)
    }

    private mutating func checkPolicy(_ entry: AuditEntry) throws(RecordFlaw) {
        rules = RulesVersion(recorded: entry[.rules])
        isRulesOnRecord = true
        guard entry[.policyDigest] != nil || entry[.evidence] != nil else { return }
        guard entry[.evidence] != nil else {
            throw RecordFlaw(.evidence, "a policy without its file")
        }
        try Self.requireFile(entry)
        policies.load(entry)
    }

    /// Requires single values: of two, readers might take one or the other.
    private static func requireSingleFields(_ entry: AuditEntry) throws(RecordFlaw) {
        let single: [AuditField] = [
            .grant, .digest, .origin, .deadline, .drainUntil, .policyDigest, .rules, .revocation,
            .review, .outcome, .evidence, .fleet, .issued, .expires,
        ]
        // A connection is by every grant that covers it.
        guard ![.grantUsed, .attemptDenied, .attemptsSummary].contains(entry.event) else { return }
        for field in single where entry.fields[field, default: []].count > 1 {
            throw RecordFlaw(.evidence, "its \(field.rawValue) has several values")
        }
    }

    private static func requireFile(_ entry: AuditEntry) throws(RecordFlaw) {
        guard entry.hasSoundEvidence else {
            throw RecordFlaw(.evidence, "its file is not the one of its SHA-256")
        }
    }

    /// The faults of records whose evidence no record had, once all records have been taken.
    var missing: [LogFlaw] { revocations.flaws }
}
