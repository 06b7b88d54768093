import Auditing
import Grants
import Signatures

/// What was signed under a record, its signatures being valid as of then.
enum SignedEvidence {
    case grant(Grant, SignedPayload)
    case revocation(Revocation)
}

/// Checks the signatures under records anew, by the lines of allowed_signers that they carry.
struct SignatureCheck {
    /// So many are named.
    private static let nameLimit = 64

    private(set) var count = 0
    /// Who signed grants and who revocations, the first ones.
    private(set) var signers: [SignatureNamespace: [String]] = [:]
    private var verifiers: [[String]: SignatureVerifier] = [:]

    /// Whether the signatures held at that time, and whether the record says what was signed.
    mutating func signed(
        _ entry: AuditEntry,
        at moment: Moment
    ) throws(RecordFlaw) -> SignedEvidence {
        let payload = try verified(entry, at: moment)
        count += payload.approvals.count
        note(payload)
        let signed = try Self.content(of: payload, entry)
        try entry.requireFields(Self.fields(of: signed, payload))
        return signed
    }

    private mutating func verified(
        _ entry: AuditEntry,
        at moment: Moment
    ) throws(RecordFlaw) -> SignedPayload {
        do {
            let verifier = try verifier(entry.fields[.allowedSigners] ?? [])
            return try verifier.verify(Array((entry[.evidence] ?? "").utf8), at: moment)
        } catch {
            throw RecordFlaw(.signature, "\(error)")
        }
    }

    private mutating func note(_ payload: SignedPayload) {
        let known = signers[payload.namespace, default: []]
        guard known.count < Self.nameLimit else { return }
        signers[payload.namespace] = known + payload.approvals.map(\.principal)
    }

    /// What was signed, which must be what the record is about.
    private static func content(
        of payload: SignedPayload,
        _ entry: AuditEntry
    ) throws(RecordFlaw) -> SignedEvidence {
        do {
            guard entry.event == .grantAccepted else {
                let revocation = try Revocation(parsing: payload.bytes)
                guard payload.namespace == .revocation, entry.isAbout(oneOf: revocation.ids) else {
                    throw TextError("the revocation is not of this grant")
                }
                return .revocation(revocation)
            }
            guard payload.namespace == .grant else {
                throw TextError("what was signed is no grant")
            }
            return .grant(try Grant(parsing: payload.bytes), payload)
        } catch {
            throw RecordFlaw(.evidence, "\(error)")
        }
    }

    /// The fields that follow from what was signed.
    private static func fields(
        of signed: SignedEvidence,
        _ payload: SignedPayload
    ) -> [AuditField: [String]] {
        let signers = payload.approvals.map(\.principal)
        let grant: Grant
        switch signed {
        case .grant(let signed, _): grant = signed
        case .revocation(let order):
            return [.actor: signers.map { "signer:" + $0 }, .comment: [order.reason]]
        }
        var fields = GrantFacts(
            grant: grant,
            digest: payload.sha256,
            signers: signers,
            file: ""
        ).fields
        fields[.file] = nil
        return fields
    }

    private mutating func verifier(_ lines: [String]) throws -> SignatureVerifier {
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
