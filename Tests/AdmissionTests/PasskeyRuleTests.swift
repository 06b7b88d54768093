import Admission
import Grants
import Signatures
import TestSupport
import Testing

/// The judgement of the grant of a vector with some signatures, by hosts with these pages.
private struct Scene {
    private let verifier: SignatureVerifier
    private let payload: [UInt8]
    private let now = Moment(microseconds: 1_800_000_000_000_000)

    init() throws {
        let vector = try Self.vector("good-chromium")
        let signers = try AllowedSigners(parsing: Array(vector.signers.utf8))
        verifier = SignatureVerifier(allowedSigners: signers)
        payload = try SignedFile(splitting: vector.bytes).payload
    }

    private static func vector(_ name: String) throws -> KeyVector {
        try #require(KeyVector.passkeys.first { $0.name == name })
    }

    func judgement(
        _ names: String...,
        by rules: PasskeyRules = PasskeyRules(origins: ["http://localhost:8931"]),
        approvals: Int = 1
    ) throws -> Judgement {
        let armor = try names.flatMap { name in
            try Self.vector(name).bytes.dropFirst(payload.count)
        }
        let signed = try verifier.verify(payload + armor, at: now)
        let grant = try Grant(parsing: signed.bytes)
        let port = PortRules.hourly(approvals: approvals)
        var policy = Policy(
            mode: .enforce,
            keepExisting: .keep(for: nil),
            trusted: [],
            ports: [try Port(parsing: "22/tcp"): port],
            maxWait: .seconds(100 * 366 * 86_400)
        )
        policy.passkeys = rules
        return Admission(policy: policy, host: HostIdentity(hostname: "web-1", machineID: ""))
            .judge(grant, signedBy: signed, history: .unseen, at: now)
    }
}

@Suite struct `The signature of a passkey` {
    @Test func `counts on a listed page`() throws {
        let judgement = try Scene().judgement("good-chromium")
        #expect(judgement.refusals.isEmpty)
        #expect(judgement.roles == [.approves])
    }

    @Test func `does not count where policy lists no page`() throws {
        let judgement = try Scene().judgement("good-chromium", by: PasskeyRules())
        let refusal = try #require(judgement.refusals.first)
        #expect(refusal.rule == "approvals" && refusal.field == "signatures")
        #expect(refusal.reason.contains("http://localhost:8931 is not in the policy's [webauthn]"))
        #expect(refusal.remedy == "sign on a listed page, or list this one")
    }

    @Test(arguments: ["origin-port", "origin-slash", "origin-capitals", "origin-no-port"])
    func `does not count on another page, however alike`(name: String) throws {
        let judgement = try Scene().judgement(name)
        #expect(judgement.refusals.map(\.rule) == ["approvals"])
        #expect(judgement.roles.first?.description.contains("is not in the policy's") == true)
    }

    @Test func `counts by a synchronised passkey only where policy says so`() throws {
        var rules = PasskeyRules(origins: ["http://localhost:8931"])
        for name in ["synced", "may-be-synced"] {
            rules.synced = false
            let refused = try Scene().judgement(name, by: rules)
            #expect(refused.refusals.first?.reason.contains("[webauthn] synced is false") == true)
            rules.synced = true
            #expect(try Scene().judgement(name, by: rules).refusals.isEmpty)
        }
    }

    @Test func `that does not count takes nothing from those that do`() throws {
        for names in [("origin-evil", "good-chromium"), ("good-chromium", "synced")] {
            let judgement = try Scene().judgement(names.0, names.1)
            #expect(judgement.refusals.isEmpty)
            #expect(judgement.roles.count { $0 == .approves } == 1)
        }
    }
}
