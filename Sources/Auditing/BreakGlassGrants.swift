package import Grants

/// A break-glass grant that opened.
package struct BreakGlassGrant: Hashable, Sendable {
    package let grant: LiveGrant
    package let openedAt: Moment
    /// The end of access, if it has ended.
    package fileprivate(set) var endedAt: Moment?
    /// The SHA-256 of the review that is on record, in hex; `nil` while one is awaited.
    package fileprivate(set) var review: String?

    /// The `[[approver]]` entries with an alarm that let it in.
    package var approvers: [String] { grant.fields[.breakGlass] ?? [] }

    /// Its end, as a list of grants shows it; `nil` while it goes on.
    package var ending: EndedGrant? {
        endedAt.map { moment in
            EndedGrant(
                entry: AuditEntry(.grantClosed, "", fields: grant.fields),
                openedAt: openedAt,
                endedAt: moment
            )
        }
    }
}

/// The last break-glass grants that opened, also those that have ended, reviewed or not.
package struct BreakGlassGrants: Hashable, Sendable {
    /// The number of grants that are remembered; the oldest reviewed ones go first.
    private static let bound = 1000

    /// In the order of their first openings.
    package private(set) var all: [BreakGlassGrant] = []
    /// A number that changes whenever one of them does.
    package private(set) var revision = 0

    package init() {}

    package subscript(id: GrantID) -> BreakGlassGrant? { all.last { $0.grant.id == id } }

    /// Those that nobody has reviewed.
    package var unreviewed: [BreakGlassGrant] { all.filter { $0.review == nil } }

    mutating func open(_ grant: LiveGrant, at moment: Moment) {
        // A power cut may have taken the opening that followed the first record.
        guard self[grant.id] == nil else { return }
        revision += 1
        all.append(BreakGlassGrant(grant: grant, openedAt: moment))
        guard all.count > Self.bound else { return }
        all.remove(at: all.firstIndex { $0.review != nil } ?? 0)
    }

    mutating func end(_ id: GrantID, at moment: Moment) {
        guard let index = all.lastIndex(where: { $0.grant.id == id }) else { return }
        all[index].endedAt = moment
    }

    mutating func review(_ id: GrantID, by digest: String) {
        guard let index = all.lastIndex(where: { $0.grant.id == id }), all[index].review == nil
        else { return }
        revision += 1
        all[index].review = digest
    }
}

extension AuditEntry {
    /// A grant opens by an alarm.
    package static func breakGlassOpened(_ facts: GrantProvenance, until deadline: Moment) -> Self {
        let entry = opened(facts, until: deadline)
        let entries = facts.breakGlass.joined(separator: ", ")
        return Self(
            .breakGlassOpened,
            "Break-glass: \(entry.message.prefix(1).lowercased())\(entry.message.dropFirst()), by the"
                + " alarm of approver \(entries)",
            fields: entry.fields
        )
    }

    /// A break-glass grant was reviewed; the evidence is the file and the reason that its signers count.
    package static func reviewed(
        _ review: Review,
        by signers: [String],
        inFile path: String,
        of digest: String,
        _ evidence: [AuditField: [String]]
    ) -> Self {
        let outcome = review.outcome.rawValue
        let names = signers.joined(separator: ", ")
        let fields: [AuditField: [String]] = [
            .grant: [review.grant.description],
            .actor: signers.map { "signer:" + $0 },
            .outcome: [outcome],
            .comment: [review.reason],
            .review: [digest],
            .file: [path],
        ]
        return Self(
            .reviewAccepted,
            "Break-glass grant \(review.grant) reviewed by \(names): \(outcome), \(review.reason)",
            fields: fields.merging(evidence) { old, _ in old }
        )
    }
}
