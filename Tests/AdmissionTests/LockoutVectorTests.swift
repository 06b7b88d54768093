import Grants
import Signatures
import TestSupport
import Testing

@testable import Admission

/// Every vector of a lockout, read and judged as a host does it.
@Suite struct `A file of a lockout` {
    private static let now = try? Moment(parsing: "2026-12-01T10:00:00Z")

    private func judge(_ file: [UInt8]) throws -> (code: String, field: String)? {
        let now = try #require(Self.now)
        let verifier = SignatureVerifier(
            allowedSigners: try AllowedSigners(parsing: Array(GrantVector.lockoutSigners.utf8))
        )
        let document: SignedDocument
        do throws(DocumentError) {
            document = try SignedDocument(file, signersBy: verifier, at: now)
        } catch {
            guard case .syntax(let error, _) = error else { return (error.code, "") }
            return (error.code.rawValue, error.field)
        }
        let refusal: Refusal? =
            switch document.content {
            case .grant, .review, .bulletin: nil
            case .unbar(let unbar): admission.refusal(of: unbar, signedBy: document.payload)
            case .revocation(let revocation):
                admission.refusal(
                    of: revocation,
                    signedBy: document.payload,
                    requestors: [:],
                    at: now
                )
            }
        return refusal.map { ($0.rule, $0.field) }
    }

    private var admission: Admission {
        let policy = Policy.enforcing(.hourly(approvals: 2))
        return Admission(policy: policy, host: HostIdentity(hostname: "web-1", machineID: ""))
    }

    @Test func `is there in numbers`() {
        #expect(GrantVector.lockouts.count >= 110)
    }

    @Test(arguments: GrantVector.lockouts)
    func `is taken or refused as it says, for the field that it names`(vector: GrantVector) throws {
        let found = try judge(vector.bytes)
        #expect(found?.code == vector.refusals.first)
        if let field = vector.field { #expect(found?.field == field) }
    }
}
