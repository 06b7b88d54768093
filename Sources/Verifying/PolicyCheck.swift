import Admission
import Auditing
import AgentSettings
import Grants
import Signatures

/// Checks that the policy which let a grant in does let it in.
struct PolicyCheck: Sendable {
    /// Rules about one moment only; other records show if they were kept.
    private static let momentary: Set<String> = ["once", "expires"]
    /// Rules that can be judged only if the time of acceptance is known for certain.
    private static let timed: Set<String> = ["max-duration", "max-wait"]

    /// The most policies that are kept; a host has few, and grants under more are not judged.
    private static let limit = 10_000

    /// By their SHA-256; `nil` for one that this version cannot read.
    private var policies: [String: Configuration?] = [:]
    /// The SHA-256 of the last one.
    private var inForce: String?
    /// The number of grants that could not be judged, since their policy cannot be read here.
    private(set) var unjudged = 0
    /// The number of grants that were held to earlier rules, those of their time.
    private(set) var judgedByEarlierRules = 0
    /// The keys that bulletins on record revoked, and that root has not lifted.
    var barredKeys = BarredKeys()
    /// True if all records are at hand, so that each one that another rests on must be among them.
    private let isWhole: Bool

    init(isWhole: Bool) {
        self.isWhole = isWhole
    }

    /// Takes a policy that is in force from here on, its text being the one of its digest.
    mutating func load(_ entry: AuditEntry) {
        inForce = entry[.policyDigest]
        guard let digest = inForce, policies[digest] == nil else { return }
        let text = policies.count < Self.limit ? entry[.evidence] : nil
        policies[digest] = .some(
            text.flatMap { try? Configuration(parsing: $0, file: "a policy of the log") }
        )
    }

    mutating func judge(
        _ grant: Grant,
        _ payload: SignedPayload,
        superseding superseded: [GrantID: SupersededGrant],
        barredBy bar: Bar?,
        in record: Record,
        at moment: Moment,
        under rules: RulesVersion?
    ) throws(RecordFlaw) {
        guard let admission = try admission(for: record), let rules else { return unjudged += 1 }
        if rules < .current { judgedByEarlierRules += 1 }
        let judgement = admission.judge(
            grant,
            signedBy: payload,
            history: .unseen,
            superseding: superseded,
            barredBy: bar,
            at: moment,
            under: rules,
            isTimed: isWhole
        )
        let left = isWhole ? Self.momentary : Self.momentary.union(Self.timed)
        guard let refusal = judgement.refusals.first(where: { !left.contains($0.rule) }) else {
            return try requireApprovers(in: record.entry, judgement, payload)
        }
        throw RecordFlaw(
            .policy,
            "the policy then did not let it in: \(refusal.field): \(refusal.reason)"
        )
    }

    /// The policy in force, by which the file of a record was judged; `nil` if it cannot be read here.
    func admission(for record: Record) throws(RecordFlaw) -> Admission? {
        guard let known = record.entry[.policyDigest].flatMap({ policies[$0] }) else {
            guard isWhole else { return nil }
            throw RecordFlaw(
                .unaccepted,
                "no record before it carries the policy that let it in"
            )
        }
        guard record.entry[.policyDigest] == inForce else {
            throw RecordFlaw(.policy, "it names a policy that was not in force then")
        }
        return known.map { configuration in
            var admission = admission(of: record, by: configuration)
            admission.barredKeys = barredKeys
            return admission
        }
    }

    /// The policy by which a revocation or the end of a bar was judged; `nil` if it cannot be read here.
    ///
    /// What closes need not wait for the disk, so the record may come after a later policy: it names its
    /// own. One that names none is held to the policy in force. For the same reason a bulletin that revoked
    /// its key may be on record before it.
    func admission(closing record: Record) throws(RecordFlaw) -> Admission? {
        guard let digest = record.entry[.policyDigest] ?? (isWhole ? inForce : nil) else {
            return nil
        }
        guard let known = policies[digest] else {
            guard isWhole else { return nil }
            throw RecordFlaw(.unaccepted, "no record before it carries the policy that it names")
        }
        return known.map { admission(of: record, by: $0) }
    }

    private func admission(of record: Record, by configuration: Configuration) -> Admission {
        Admission(policy: configuration.policy, host: host(record, configuration))
    }

    /// The record must name entries that let the signatures count.
    ///
    /// Which of several did depends on the time.
    private func requireApprovers(
        in entry: AuditEntry,
        _ judgement: Judgement,
        _ payload: SignedPayload
    ) throws(RecordFlaw) {
        let alarms = entry.fields[.breakGlass, default: []]
        guard judgement.fits(breakGlass: alarms, of: payload) else {
            throw RecordFlaw(
                .evidence,
                "its \(AuditField.breakGlass.rawValue) is not what policy says"
            )
        }
        let recorded = entry.fields[.approvers, default: []]
        guard isWhole, !judgement.fits(approvers: recorded, of: payload) else { return }
        throw RecordFlaw(.evidence, "its \(AuditField.approvers.rawValue) is not what policy says")
    }

    private func host(_ record: Record, _ configuration: Configuration) -> HostIdentity {
        HostIdentity(
            hostname: configuration.hostname ?? record.stamp.hostname,
            machineID: record.stamp.machineID,
            labels: configuration.labels
        )
    }
}
