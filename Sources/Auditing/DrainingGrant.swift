package import Grants

/// A grant that is past its deadline and whose sessions may still go on.
package struct DrainingGrant: Hashable, Sendable {
    package let grant: LiveGrant
    package let openedAt: Moment
    package let deadline: Moment
    /// The latest time at which its last session ends.
    package let until: Moment

    package init(grant: LiveGrant, openedAt: Moment, deadline: Moment, until: Moment) {
        self.grant = grant
        self.openedAt = openedAt
        self.deadline = deadline
        self.until = until
    }

    /// `nil` for a closing that let nothing go on.
    init?(
        _ entry: AuditEntry,
        after grantState: GrantState?,
        at moment: Moment,
        under rules: RulesVersion
    ) throws(RecordError) {
        guard let text = entry[.drainUntil] else { return nil }
        guard let until = try? Moment(parsing: text) else {
            throw RecordError(
                description: "`JITGATE_DRAIN_UNTIL` is not an RFC 3339 time: \(text)"
            )
        }
        self.until = until
        // Where retention took what came before, the record says enough of the grant.
        if let live = grantState?.live {
            grant = live
        } else {
            grant = try LiveGrant(entry, at: moment, under: rules)
        }
        if case .open(_, let since, let end) = grantState {
            (openedAt, deadline) = (since, end)
        } else {
            (openedAt, deadline) = (moment, moment)
        }
    }
}

extension GrantProvenance {
    /// Makes what the log knows of a grant that drains; of its times only the deadline is left.
    package init(_ draining: DrainingGrant) {
        let live = draining.grant
        let values = { (field: AuditField) in live.fields[field] ?? [] }
        self.init(
            grant: Grant(
                id: live.id,
                hosts: [],
                requestor: values(.requestor).first ?? "",
                justification: values(.justification).first,
                sources: values(.sources).compactMap { try? Prefix(parsing: $0) },
                ports: values(.ports).compactMap { try? Port(parsing: $0) },
                notBefore: nil,
                expires: draining.deadline,
                duration: nil,
                ticket: values(.ticket).first
            ),
            digest: live.digest,
            signers: values(.signers),
            approvers: values(.approvers),
            breakGlass: values(.breakGlass),
            certificates: values(.certificates),
            parties: live.parties,
            file: values(.file).first ?? "",
            origin: live.origin
        )
    }
}

extension AuditEntry {
    /// The deadline of a grant has come, and sessions of it may go on.
    package static func draining(
        _ facts: GrantProvenance,
        sessions count: Int,
        leavingOut leftOut: Int?,
        until end: Moment,
        carried fields: [AuditField: [String]]
    ) -> Self {
        var entry = closed(facts, because: .expired, carried: fields)
        let more = leftOut.map { ", and \($0) more found no room" } ?? ""
        entry.message += "; \(count.counting("session")) may go on until \(end)\(more)"
        entry.fields[.draining] = [String(count)]
        entry.fields[.drainUntil] = [end.description]
        entry.fields[.leftOut] = leftOut.map { [String($0)] } ?? []
        return entry
    }

    /// The last session that drained has ended; `count` were still there and are cut.
    package static func drainEnded(
        _ facts: GrantProvenance,
        because reason: String,
        cutting count: Int,
        _ order: [AuditField: [String]] = [:]
    ) -> Self {
        let comment = order[.comment]?.first.map { ", \($0)" } ?? ""
        var entry = Self(
            .drainEnded,
            "No session of \(facts.summary) drains any more: \(reason)\(comment)",
            fields: facts.fields.merging(order) { $1 }
        )
        entry.fields[.reason] = [reason]
        entry.fields[.draining] = [String(count)]
        return entry
    }

    /// Sessions from before enforcing may go on until then, or for ever.
    package static func existingKept(
        _ count: Int,
        leavingOut leftOut: Int,
        until end: Moment?
    ) -> Self {
        let time = end.map { "until \($0)" } ?? "for as long as they want"
        let more = leftOut == 0 ? "" : "; \(leftOut) more found no room and are reset"
        return Self(
            .policyLoaded,
            "\(count.counting("session")) from before enforcing may go on \(time)\(more)",
            fields: [
                .draining: [String(count)], .drainUntil: end.map { [$0.description] } ?? [],
                .leftOut: leftOut == 0 ? [] : [String(leftOut)],
            ]
        )
    }

    /// Somebody ended the sessions from before enforcing.
    package static func existingEnded(_ count: Int, _ order: [AuditField: [String]]) -> Self {
        let comment = order[.comment]?.first.map { ", \($0)" } ?? ""
        let reason = EndReason.revoked.rawValue
        return Self(
            .drainEnded,
            "\(count.counting("session")) from before enforcing ended: \(reason)\(comment)",
            fields: order.merging([.reason: [reason], .draining: [String(count)]]) { $1 }
        )
    }
}
