package import Grants

extension AuditEntry {
    /// The people and the file that a record of a revocation names.
    package struct RevocationSource {
        let actors: [String]
        let digest: String?
        let file: String?
        let evidence: [AuditField: [String]]

        package init(
            actors: [String],
            digest: String? = nil,
            file: String? = nil,
            evidence: [AuditField: [String]] = [:]
        ) {
            self.actors = actors
            self.digest = digest
            self.file = file
            self.evidence = evidence
        }

        func fields(_ reason: String) -> [AuditField: [String]] {
            var fields = evidence
            fields[.actor] = actors
            fields[.comment] = [reason]
            fields[.revocation] = digest.map { [$0] } ?? []
            fields[.file] = file.map { [$0] } ?? []
            return fields
        }
    }

    /// A revocation that is wider than ids has ended its grants; a bar goes on until its end.
    ///
    /// `refusal` is the reason that it is no bar although it is to be one.
    package static func revoked(
        _ selection: RevocationSelection,
        id: GrantID?,
        until: Moment?,
        refusal: String? = nil,
        because reason: String,
        by source: RevocationSource
    ) -> Self {
        let bar = until.map { "; no such grant opens until \($0.wholeSecond)" } ?? ""
        let refused = refusal.map { "; it is no bar: \($0)" } ?? ""
        var fields = source.fields(reason)
        fields[.revocationID] = id.map { [$0.description] } ?? []
        fields[.revokes] = selection.texts
        fields[.until] = until.map { [$0.description] } ?? []
        fields[.reason] = refusal.map { [$0] } ?? []
        return Self(
            .revocationAccepted,
            "Revoked all grants of \(selection.summary): \(reason)\(bar)\(refused)",
            fields: fields
        )
    }

    /// Bars ended before their time.
    package static func barsLifted(
        _ ids: [GrantID],
        because reason: String,
        by source: RevocationSource
    ) -> Self {
        var fields = source.fields(reason)
        fields[.revocationID] = ids.map(\.description)
        let names = ids.map(\.description).joined(separator: ", ")
        return Self(.barLifted, "Ended the bar \(names): \(reason)", fields: fields)
    }
}

extension RevocationSelection {
    /// The first entries, for messages.
    package var summary: String {
        let texts = texts
        let more = texts.count > 8 ? " and \(texts.count - 8) more" : ""
        return texts.prefix(8).joined(separator: ", ") + more
    }
}

extension Bar {
    /// The bar that a record tells of; `nil` for a revocation that is none.
    package init?(_ entry: AuditEntry) throws(RecordError) {
        guard let text = entry[.until] else { return nil }
        guard let until = try? Moment(parsing: text),
            let id = entry[.revocationID].flatMap({ try? GrantID(parsing: $0) }),
            let selection = RevocationSelection(recorded: entry.fields[.revokes] ?? [])
        else {
            throw RecordError(description: "a field of revocation-accepted cannot be read")
        }
        self.init(
            id: id,
            digest: entry[.revocation],
            selection: selection,
            until: until,
            reason: entry[.comment] ?? "",
            actors: entry.fields[.actor] ?? []
        )
    }
}

extension GrantID {
    /// The name under which a revocation that took effect is remembered: its id, or its digest.
    package static func revocation(_ id: GrantID?, digest: String?) -> GrantID? {
        id ?? digest.flatMap { UInt128($0.prefix(32), radix: 16) }.map(GrantID.init)
    }
}

extension Revocation {
    /// Returns whether a revocation that takes effect once has done so; one that is in force as a bar has
    /// not ended.
    ///
    /// `digest` is the SHA-256 of its file; `isKnown` answers whether a name has a place in the log.
    package func isOver(
        _ digest: String,
        isKnown: (GrantID) -> Bool,
        bar: (GrantID) -> Bar?
    ) -> Bool {
        guard !isNarrow, let name = GrantID.revocation(id, digest: digest) else { return false }
        return isKnown(name) && bar(name)?.digest != digest
    }
}
