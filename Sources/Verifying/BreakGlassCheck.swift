import Admission
import Auditing
import Grants
import Signatures

/// Checks that break-glass grants open with an alarm, and that people who have no part in them
/// review them.
struct BreakGlassCheck: Sendable {
    /// A break-glass grant that was accepted, or whose alarm is the first that is at hand.
    fileprivate struct Known {
        let digest: String?
        let approvers: [String]
        /// The fields that its records must have; `nil` if its acceptance is not at hand.
        let fields: [AuditField: [String]]?
        let people: [SignerIdentity]
        var isAlarmed = false
        var hasEnded = false
        var isReviewed = false
    }

    private var known: [GrantID: Known] = [:]
    /// True if all records are at hand, so that each one that another rests on must be among them.
    private let isWhole: Bool

    init(isWhole: Bool) {
        self.isWhole = isWhole
    }

    /// Notes a grant if its record tells of an alarm, which policy has to bear out.
    mutating func accept(_ entry: AuditEntry, _ grant: Grant, _ payload: SignedPayload) {
        guard let approvers = entry.fields[.breakGlass], !approvers.isEmpty else { return }
        known[grant.id] = Known(
            digest: entry[.digest],
            approvers: approvers,
            fields: grant.signedFields,
            people: payload.people(askingFor: grant.requestor)
        )
    }

    mutating func alarm(_ entry: AuditEntry) throws(RecordFlaw) {
        guard let id = entry.grantID else { throw Self.unfounded }
        guard let grant = known[id] else {
            guard !isWhole else { throw Self.unfounded }
            return known[id] = Known(early: entry)
        }
        guard !grant.hasEnded, grant.digest == entry[.digest],
            grant.approvers == entry.fields[.breakGlass]
        else { throw Self.unfounded }
        known[id]?.isAlarmed = true
        if let fields = grant.fields { try entry.requireFields(fields) }
    }

    private static let unfounded = RecordFlaw(
        .unaccepted,
        "an alarm for a grant that no record accepted as a break-glass grant"
    )

    /// A break-glass grant opens after its alarm.
    func open(_ entry: AuditEntry) throws(RecordFlaw) {
        guard let id = entry.grantID, let grant = known[id] else {
            guard isWhole, entry[.breakGlass] != nil else { return }
            throw RecordFlaw(.evidence, "its JITGATE_BREAK_GLASS is not what was accepted")
        }
        guard grant.isAlarmed else {
            throw RecordFlaw(.unaccepted, "a break-glass grant opened without an alarm before it")
        }
    }

    mutating func close(_ entry: AuditEntry) {
        if let id = entry.grantID { known[id]?.hasEnded = true }
    }

    /// `admission` is the policy then, if that can be read.
    mutating func review(
        _ review: Review,
        _ payload: SignedPayload,
        by admission: Admission?
    ) throws(RecordFlaw) {
        let subject = subject(of: review)
        known[review.grant]?.isReviewed = true
        guard let refusal = admission?.refusal(of: review, signedBy: payload, about: subject)
        else { return }
        throw RecordFlaw(
            .policy,
            "the review did not count: \(refusal.field): \(refusal.reason)"
        )
    }

    private func subject(of review: Review) -> ReviewSubject {
        guard let grant = known[review.grant], grant.isAlarmed else {
            return isWhole ? .unknown : .awaited(people: [])
        }
        return grant.isReviewed ? .reviewed : .awaited(people: grant.people)
    }
}

extension BreakGlassCheck.Known {
    /// The grant of an alarm whose acceptance is not at hand.
    fileprivate init(early entry: AuditEntry) {
        let names = (entry.fields[.requestor] ?? []) + (entry.fields[.signers] ?? [])
        self.init(
            digest: entry[.digest],
            approvers: entry.fields[.breakGlass] ?? [],
            fields: nil,
            people: names.map(SignerIdentity.init(named:)),
            isAlarmed: true
        )
    }
}
