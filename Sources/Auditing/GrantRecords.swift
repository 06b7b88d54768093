package import Grants

extension GrantProvenance {
    /// The fields that every record about this grant carries.
    package var fields: [AuditField: [String]] {
        [
            .grant: [grant.id.description],
            .digest: [digest],
            .requestor: [grant.requestor],
            .signers: signers,
            .approvers: approvers,
            .breakGlass: breakGlass,
            .certificates: certificates,
            .justification: grant.justification.map { [$0] } ?? [],
            .ticket: grant.ticket.map { [$0] } ?? [],
            .supersedes: grant.supersedes.map(\.description),
            .sources: grant.sources.map(\.description),
            .ports: grant.ports.map(\.description),
            .file: [file],
            .origin: origin == .drop ? [] : [origin.rawValue],
        ]
    }

    /// `dana from 203.0.113.7/32 to 22/tcp`, for messages.
    package var summary: String {
        let sources = grant.sources.map(\.description).joined(separator: ", ")
        let ports = grant.ports.map(\.description).joined(separator: ", ")
        return "\(grant.requestor) from \(sources) to \(ports)"
    }
}

extension GrantParties {
    /// The fields by which a revocation still finds a grant that only the log knows.
    package var fields: [AuditField: [String]] {
        [.keys: keys, .signerNames: names, .requestorNames: requestorNames]
    }
}

extension AuditEntry {
    /// The evidence is the file, why its signers count, and the policy that let it in.
    package static func accepted(
        _ facts: GrantProvenance,
        _ evidence: [AuditField: [String]] = [:]
    ) -> Self {
        let fields = facts.fields.merging(facts.parties.fields) { old, _ in old }
            .merging(evidence) { old, _ in old }
        return Self(.grantAccepted, "Accepted the grant of \(facts.summary)", fields: fields)
    }

    package static func opened(_ facts: GrantProvenance, until deadline: Moment) -> Self {
        var entry = Self(
            .grantOpened,
            "Opened for \(facts.summary) until \(deadline)",
            fields: facts.fields
        )
        entry.fields[.deadline] = [deadline.description]
        return entry
    }

    package static func closed(
        _ facts: GrantProvenance,
        because reason: EndReason,
        carried fields: [AuditField: [String]] = [:]
    ) -> Self {
        closed(facts.summary, facts.fields.merging(fields) { _, new in new }, because: reason)
    }

    /// Of a grant that only the log still knows.
    package static func closed(
        _ grant: LiveGrant,
        because reason: EndReason,
        carried fields: [AuditField: [String]] = [:]
    ) -> Self {
        let text = { grant.fields[$0, default: []].joined(separator: ", ") }
        let summary = "\(text(.requestor)) from \(text(.sources)) to \(text(.ports))"
        return closed(summary, grant.fields.merging(fields) { _, new in new }, because: reason)
    }

    private static func closed(
        _ summary: String,
        _ fields: [AuditField: [String]],
        because reason: EndReason
    ) -> Self {
        let comment = fields[.comment]?.first.map { ", \($0)" } ?? ""
        let message = "Closed for \(summary): \(reason.rawValue)\(comment)"
        var entry = Self(.grantClosed, message, fields: fields)
        entry.fields[.reason] = [reason.rawValue]
        return entry
    }
}
