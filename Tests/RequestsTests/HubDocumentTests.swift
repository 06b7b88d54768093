import Grants
import Requests
import Signatures
import TestSupport
import Testing

/// Every vector of a login and of a decision, read as a hub does it.
@Suite struct `A file that a person signs for a hub` {
    private static let now: Moment = "2026-12-01T10:00:00Z"

    private func verifier() throws -> SignatureVerifier {
        let signers = try AllowedSigners(parsing: Array(GrantVector.hubSigners.utf8))
        return SignatureVerifier(allowedSigners: signers)
    }

    private func refusal<Content: HubDocument>(
        of vector: GrantVector,
        as content: Content.Type
    ) throws -> HubDocumentError? {
        let verifier = try verifier()
        do throws(HubDocumentError) {
            let document = try SignedHubDocument<Content>(
                vector.bytes,
                signersBy: verifier,
                at: Self.now
            )
            let again = try? Content(parsing: document.content.payload())
            #expect(again == document.content)
            return nil
        } catch {
            return error
        }
    }

    private func vector(_ name: String, among vectors: [GrantVector]) throws -> GrantVector {
        try #require(vectors.first { $0.name == name })
    }

    @Test func `is there in numbers`() {
        #expect(GrantVector.logins.count >= 80)
        #expect(GrantVector.decisions.count >= 80)
    }

    @Test(arguments: GrantVector.logins)
    func `is a login or refused as it says, for the field that it names`(
        vector: GrantVector
    ) throws {
        let refusal = try refusal(of: vector, as: LoginDocument.self)
        #expect(refusal?.code == vector.refusals.first)
        if let field = vector.field { #expect(refusal?.field == field) }
    }

    @Test(arguments: GrantVector.decisions)
    func `is a decision or refused as it says, for the field that it names`(
        vector: GrantVector
    ) throws {
        let refusal = try refusal(of: vector, as: DecisionDocument.self)
        #expect(refusal?.code == vector.refusals.first)
        if let field = vector.field { #expect(refusal?.field == field) }
    }

    @Test func `names its signer and key, and what was signed`() throws {
        let file = try vector("good", among: GrantVector.decisions).bytes
        let document = try SignedHubDocument<DecisionDocument>(
            file,
            signersBy: verifier(),
            at: Self.now
        )
        #expect(document.signature.principal == "dana")
        #expect(document.signature.fingerprint.hasPrefix("SHA256:"))
        #expect(document.content.decision == .deny)
        #expect(document.content.reason == "not tonight")
    }

    @Test(arguments: ["good", "good-by-a-pattern-of-namespaces"])
    func `is of an unknown namespace for a host`(name: String) throws {
        for vectors in [GrantVector.logins, GrantVector.decisions] {
            let file = try vector(name, among: vectors).bytes
            let verifier = try verifier()
            let error = #expect(throws: SignatureError.self) {
                try verifier.verify(file, at: Self.now)
            }
            #expect(error?.code == .wrongNamespace)
        }
    }
}
