import Grants
import Signatures
import TestSupport
import Testing

@testable import Admission

/// Every vector of a bulletin, read and judged as a host of the fleet does it.
@Suite struct `A file of a bulletin` {
    private static let now = try? Moment(parsing: "2026-12-01T10:00:00Z")

    private func document(_ file: [UInt8]) throws(DocumentError) -> SignedDocument {
        let signers = try? AllowedSigners(parsing: Array(GrantVector.bulletinSigners.utf8))
        let verifier = SignatureVerifier(allowedSigners: signers ?? AllowedSigners())
        let now = Self.now ?? Moment(microseconds: 0)
        return try SignedDocument(file, signersBy: verifier, at: now)
    }

    private func admission(_ freshness: FreshnessRule?, barring keys: [String] = []) -> Admission {
        var policy = Policy.enforcing(.hourly())
        policy.freshness = freshness
        var admission = Admission(
            policy: policy,
            host: HostIdentity(hostname: "web-1", machineID: "")
        )
        admission.barredKeys = BarredKeys(keys)
        return admission
    }

    private func judge(_ file: [UInt8]) -> (code: String, field: String)? {
        do throws(DocumentError) {
            let document = try document(file)
            guard case .bulletin(let bulletin) = document.content else { return ("kind", "") }
            let refusal = admission(FreshnessRule(fleet: "prod"))
                .refusal(of: bulletin, signedBy: document.payload)
            return refusal.map { ($0.rule, $0.field) }
        } catch {
            guard case .syntax(let syntax, _) = error else { return (error.code, "") }
            return (syntax.code.rawValue, syntax.field)
        }
    }

    @Test func `is there in numbers`() {
        #expect(GrantVector.bulletins.count >= 70)
    }

    @Test(arguments: GrantVector.bulletins)
    func `is taken or refused as it says, for the field that it names`(vector: GrantVector) throws {
        let found = judge(vector.bytes)
        #expect(found?.code == vector.refusals.first)
        if let field = vector.field { #expect(found?.field == field) }
    }

    private func vector(_ name: String) throws -> [UInt8] {
        try #require(GrantVector.bulletins.first { $0.name == name }).bytes
    }

    @Test func `counts on no host without a fleet, nor by a key that another one revoked`() throws {
        let document = try document(vector("good-empty"))
        guard case .bulletin(let bulletin) = document.content else { return }
        let signed = document.payload
        #expect(admission(nil).refusal(of: bulletin, signedBy: signed)?.rule == "fleet")
        let rule = FreshnessRule(fleet: "prod")
        let key = try #require(signed.signatures.first).fingerprint
        let refusal = admission(rule, barring: [key]).refusal(of: bulletin, signedBy: signed)
        #expect(refusal?.rule == "key-revoked")
        // One of two is enough.
        let two = try self.document(vector("good-by-two"))
        #expect(admission(rule, barring: [key]).refusal(of: bulletin, signedBy: two.payload) == nil)
    }

    @Test func `is fresh from five minutes before it was issued until its end`() throws {
        let issued = try #require(Self.now)
        let bulletin = Bulletin(fleet: "prod", issued: issued, expires: issued + .seconds(3600))
        let rule = FreshnessRule(fleet: "prod", maxStaleness: .seconds(1800))
        #expect(rule.end(of: bulletin) == issued + .seconds(1800))
        #expect(FreshnessRule(fleet: "prod").end(of: bulletin) == issued + .seconds(3600))
        #expect(bulletin.isAhead(of: issued + .microseconds(-300_000_001)))
        #expect(!bulletin.isAhead(of: issued + .seconds(-300)))
        #expect(bulletin.start == issued + .seconds(-300))
    }
}
