import Admission
import Auditing
import Grants
import Signatures

/// Checks the signatures under records again, by the lines of allowed_signers that they carry.
struct SignatureCheck: Sendable {
    /// The most signers that are named.
    private static let nameLimit = 64

    private(set) var count = 0
    /// The first signers of grants.
    private(set) var approvers: [String] = []
    /// The first signers of revocations, and of ends of bars.
    private(set) var revokers: [String] = []
    private var verifiers: [[String]: SignatureVerifier] = [:]

    /// Checks that the signatures held at that time, and that the record says what was signed.
    ///
    /// `isOnRecord` says that a record names these rules.
    mutating func signed(
        _ entry: AuditEntry,
        at moment: Moment,
        under rules: RulesVersion,
        isOnRecord: Bool
    ) throws(RecordFlaw) -> SignedDocument {
        let document = try document(entry, at: moment, under: rules)
        count += document.payload.signatures.count
        note(document)
        try Self.requireSubject(of: document, entry)
        try entry.requireFields(
            Self.fields(of: document, in: entry, under: rules, demandingParties: isOnRecord)
        )
        return document
    }

    private mutating func document(
        _ entry: AuditEntry,
        at moment: Moment,
        under rules: RulesVersion
    ) throws(RecordFlaw) -> SignedDocument {
        let verifier: SignatureVerifier
        do throws(AllowedSignersError) {
            verifier = try self.verifier(entry.fields[.allowedSigners] ?? [])
        } catch {
            throw RecordFlaw(.signature, "\(error)")
        }
        do throws(DocumentError) {
            let file = Array((entry[.evidence] ?? "").utf8)
            return try SignedDocument(file, signersBy: verifier, at: moment, under: rules)
        } catch {
            switch error {
            case .signature: throw RecordFlaw(.signature, "\(error)")
            case .syntax: throw RecordFlaw(.evidence, "\(error)")
            }
        }
    }

    private mutating func note(_ document: SignedDocument) {
        let payload = document.payload
        if case .grant = document.content {
            guard approvers.count < Self.nameLimit else { return }
            approvers += payload.approvals.map(\.principal)
        } else {
            guard revokers.count < Self.nameLimit else { return }
            revokers += payload.signatures.map(\.principal)
        }
    }

    /// Refuses a record that is not about the subject of the signed file.
    private static func requireSubject(
        of document: SignedDocument,
        _ entry: AuditEntry
    ) throws(RecordFlaw) {
        switch (document.content, entry.event) {
        case (.grant, .grantAccepted), (.unbar, .barLifted), (.bulletin, .bulletinAccepted): break
        case (_, .grantAccepted): throw RecordFlaw(.evidence, "what was signed is no grant")
        case (.review(let review), .reviewAccepted):
            guard entry.isAbout(oneOf: [review.grant]) else {
                throw RecordFlaw(.evidence, "the review is not of this grant")
            }
        case (_, .reviewAccepted): throw RecordFlaw(.evidence, "what was signed is no review")
        case (.revocation(let revocation), .revocationAccepted) where !revocation.isNarrow: break
        case (_, .revocationAccepted), (_, .barLifted), (_, .bulletinAccepted):
            throw RecordFlaw(.evidence, "what was signed is something else")
        case (.revocation(let revocation), _) where entry.isAbout(oneOf: revocation.selection.ids):
            break
        default: throw RecordFlaw(.evidence, "the revocation is not of this grant")
        }
    }

    /// The fields that follow from the signed file.
    private static func fields(
        of document: SignedDocument,
        in entry: AuditEntry,
        under rules: RulesVersion,
        demandingParties isDemanded: Bool
    ) -> [AuditField: [String]] {
        let payload = document.payload
        let actors = payload.signatures.map { "signer:" + $0.principal }
        var fields: [AuditField: [String]] = [.actor: actors]
        // The certificates in the record of a grant are those of its own signers.
        if entry.event != .grantClosed, entry.event != .drainEnded {
            fields[.certificates] = payload.certificates
        }
        switch document.content {
        case .unbar(let unbar):
            (fields[.comment], fields[.revokes]) = ([unbar.reason], [])
            return fields
        case .bulletin(let bulletin):
            fields[.comment] = [bulletin.title]
            fields[.fleet] = [bulletin.fleet]
            fields[.issued] = [bulletin.issued.description]
            fields[.expires] = [bulletin.expires.description]
            return fields
        case .revocation(let order):
            fields[.comment] = [order.reason]
            guard entry.event == .revocationAccepted else { return fields }
            fields[.revocationID] = order.id.map { [$0.description] } ?? []
            fields[.revokes] = order.selection.texts
            return fields
        case .review(let review):
            (fields[.comment], fields[.outcome]) = ([review.reason], [review.outcome.rawValue])
            return fields
        case .grant(let grant):
            var fields = GrantProvenance(
                grant: grant,
                digest: payload.sha256,
                signers: payload.approvals.map(\.principal),
                certificates: payload.certificates,
                file: ""
            ).fields
            // Policy decides which of its entries lets a signature count.
            (fields[.file], fields[.origin]) = (nil, nil)
            (fields[.approvers], fields[.breakGlass]) = (nil, nil)
            // A record shows by the field itself that it is by rules that have it.
            guard rules >= .fourth, entry[.keys] != nil || isDemanded else { return fields }
            return fields.merging(payload.parties.fields) { $1 }
        }
    }

    private mutating func verifier(
        _ lines: [String]
    ) throws(AllowedSignersError) -> SignatureVerifier {
        if let known = verifiers[lines] { return known }
        let text = lines.map { $0 + "\n" }.joined()
        let made = SignatureVerifier(allowedSigners: try AllowedSigners(parsing: Array(text.utf8)))
        // Hosts have few signers; a log made up to have many gains nothing.
        if verifiers.count < 1000 { verifiers[lines] = made }
        return made
    }
}

extension AuditEntry {
    /// The fields must say exactly this.
    func requireFields(_ wanted: [AuditField: [String]]) throws(RecordFlaw) {
        let names = AuditField.allCases.filter { wanted[$0] != nil }
        for field in names where fields[field, default: []] != wanted[field] {
            throw RecordFlaw(.evidence, "its \(field.rawValue) is not what was signed")
        }
    }

    /// The grant that it names, if it is the id of one.
    var grantID: GrantID? { self[.grant].flatMap { try? GrantID(parsing: $0) } }

    func isAbout(oneOf ids: [GrantID]) -> Bool { grantID.map(ids.contains) ?? false }
}
