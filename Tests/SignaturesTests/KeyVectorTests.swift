import Admission
import Grants
import Signatures
import TestSupport
import Testing

/// The judgement of one vector: the code of the refusal, or what policy objects to.
private func verdict(on vector: KeyVector) throws -> (code: String, signed: SignedPayload?) {
    let signers = try AllowedSigners(parsing: Array(vector.signers.utf8))
    do throws(SignatureError) {
        let signed = try SignatureVerifier(allowedSigners: signers).verify(vector.bytes, at: now)
        let rules = PasskeyRules(origins: ["http://localhost:8931"])
        switch signed.approvals.first.flatMap(rules.objection) {
        case .origin: return ("origin", signed)
        case .synced: return ("synced", signed)
        case .revokedKey: return ("key", signed)
        case nil: return ("accepted", signed)
        }
    } catch {
        return (error.code.rawValue, nil)
    }
}

/// The armored signature of a vector, without what it is over.
private func signature(of vector: KeyVector) throws -> [UInt8] {
    Array(vector.bytes.dropFirst(try SignedFile(splitting: vector.bytes).payload.count))
}

@Suite struct `A signature by a passkey or a certified key` {
    static let all = KeyVector.passkeys + KeyVector.certificates

    @Test func `is there in every kind`() {
        #expect(KeyVector.passkeys.count > 300)
        #expect(KeyVector.certificates.count > 120)
        #expect(Self.all.count { $0.expected == "accepted" } >= 40)
        let refused = ["client-data", "authenticator-flags", "certificate", "tampered"]
        for code in refused { #expect(Self.all.count { $0.expected == code } > 20, "\(code)") }
    }

    @Test(arguments: all)
    func `is judged for what is wrong with it`(vector: KeyVector) throws {
        let (code, signed) = try verdict(on: vector)
        #expect(code == vector.expected)
        guard let approval = signed?.approvals.first else { return }
        #expect(approval.principal == vector.principal)
        #expect(approval.browser?.origin == vector.origin)
        #expect(approval.browser?.isSynced ?? false == vector.isSynced)
        #expect((approval.kind == .webauthn) == (approval.browser != nil))
    }

    /// The witness is asked again, and its answer from when the vector was made still holds.
    @Test(arguments: all)
    func `is accepted only if ssh-keygen accepts it`(vector: KeyVector) throws {
        let isAccepted = try PublicTool.accepts(
            signature(of: vector),
            over: SignedFile(splitting: vector.bytes).payload,
            allowedSigners: vector.signers,
            identity: vector.principal,
            at: vector.time
        )
        #expect(isAccepted == vector.isAcceptedByPublicTool)
        #expect(try isAccepted || verdict(on: vector).signed == nil)
    }

    /// Bytes are changed below the armor, where base64 does not stand in the way.
    @Test(arguments: 0..<UInt64(16))
    func `is accepted only if ssh-keygen accepts it, whatever happens to its bytes`(
        seed: UInt64
    ) throws {
        var random = SeededGenerator(seed: seed)
        let good = Self.all.filter { ["accepted", "origin", "synced"].contains($0.expected) }
        for _ in 0..<250 {
            let vector = try #require(good.randomElement(using: &random))
            let payload = try SignedFile(splitting: vector.bytes).payload
            let content = SSHSIG.content(of: try signature(of: vector))
            let mutant = SSHSIG.armor(Mutation.random(of: content, using: &random))
            let signers = try AllowedSigners(parsing: Array(vector.signers.utf8))
            let verifier = SignatureVerifier(allowedSigners: signers)
            guard let signed = try? verifier.verify(payload + mutant, at: now) else { continue }
            let isAccepted = try PublicTool.accepts(
                mutant,
                over: payload,
                allowedSigners: vector.signers,
                identity: signed.approvals.first?.principal ?? "",
                at: vector.time
            )
            #expect(isAccepted, "\(vector), \(mutant)")
        }
    }
}
