import Grants
import TestSupport
import Testing

@testable import Admission
@testable import Signatures

/// 2027-01-15T08:00:00Z.
private let now = Moment(microseconds: 1_800_000_000_000_000)

private func signature(
    _ name: String,
    for namespace: SignatureNamespace = .grant,
    browser: BrowserSignature? = nil
) throws -> VerifiedSignature {
    let list = try PatternList(parsing: name)
    var signature = VerifiedSignature(
        namespace: namespace,
        principal: name,
        principals: list,
        keyType: "ssh-ed25519",
        kind: browser == nil ? .key : .webauthn,
        signer: SignerIdentity(fingerprint: "SHA256:\(name)", names: [list]),
        lines: []
    )
    signature.browser = browser
    return signature
}

/// A grant by dana for an hour of 22/tcp, which takes two sides and another person, and an entry by
/// which duty may do without.
private struct Scene {
    var entry: Approver
    var length = Duration.seconds(3600)
    var ports = ["22/tcp"]
    var hosts = [HostPattern.name("*")]
    var justification: String? = "INC-1"

    init() throws {
        entry = Approver(signers: try NamePatterns(["duty-*", "dana"]))
        entry.maxDuration = .seconds(3600)
        entry.ports = [try Port(parsing: "22/tcp")]
        entry.isAlarm = true
    }

    func judgement(by signatures: VerifiedSignature...) throws -> Judgement {
        var rules = PortRules(
            maxDuration: .seconds(7200),
            widestIPv4: 24,
            widestIPv6: 56,
            allowedSources: [],
            approvals: 2,
            separateRequestor: true,
            requireJustification: true,
            onExpiry: .terminate
        )
        rules.approvalsFrom = [try NamePatterns(["sec-*"]), try NamePatterns(["ops-*"])]
        let known = try ["22/tcp", "3389/tcp"].map { text throws in try Port(parsing: text) }
        var policy = Policy(
            mode: .enforce,
            keepExisting: .reset,
            trusted: [],
            ports: Dictionary(uniqueKeysWithValues: known.map { ($0, rules) }),
            maxWait: .seconds(86_400)
        )
        policy.approvers = [entry]
        let grant = Grant(
            id: GrantID(value: 1),
            hosts: hosts,
            requestor: "dana",
            justification: justification,
            sources: [try Prefix(parsing: "203.0.113.7/32")],
            ports: try ports.map { text throws in try Port(parsing: text) },
            notBefore: nil,
            expires: now + length,
            duration: length
        )
        let payload = SignedPayload(
            bytes: [],
            signatures: signatures,
            sha256: "00"
        )
        return Admission(policy: policy, host: HostIdentity(hostname: "web-1", machineID: ""))
            .judge(grant, signedBy: payload, history: .unseen, at: now)
    }
}

@Suite struct `An alarm` {
    @Test func `makes one signature enough, of the requestor too`() throws {
        for name in ["duty-1", "dana"] {
            let judgement = try Scene().judgement(by: signature(name))
            #expect(judgement.admitted != nil)
            #expect(judgement.breakGlass?.approvers == ["1 \(name)"])
            #expect(judgement.breakGlass?.waived.rule == "approvals")
            #expect(judgement.roles == [.breaksGlass(1)])
        }
    }

    @Test func `is not raised where enough people sign, or nobody may raise it`() throws {
        let whole = try Scene().judgement(
            by: signature("dana", for: .request),
            signature("sec-1"),
            signature("ops-1"),
            signature("duty-1")
        )
        #expect(whole.admitted != nil && whole.breakGlass == nil)
        for names in [["sec-1"], ["sec-1", "ops-1"], ["lead"]] {
            let signatures = try names.map { name throws in try signature(name) }
            let judgement =
                try signatures.count == 1
                ? Scene().judgement(by: signatures[0])
                : Scene().judgement(by: signatures[0], signatures[1])
            #expect(judgement.refusals.map(\.rule) == ["approvals"])
            #expect(judgement.breakGlass == nil)
        }
    }

    @Test func `holds within the limits of its entry alone`() throws {
        var scenes = try [Scene(), Scene(), Scene(), Scene()]
        scenes[0].length = .seconds(3601)
        scenes[1].ports = ["3389/tcp"]
        scenes[2].ports = ["22/tcp", "3389/tcp"]
        scenes[3].entry.requestors = try NamePatterns(["dana"])
        for scene in scenes {
            let judgement = try scene.judgement(by: signature("duty-1"))
            #expect(judgement.refusals.map(\.rule) == ["approvals"])
            #expect(judgement.breakGlass == nil)
        }
        let asked = try scenes[3].judgement(
            by: signature("duty-1"),
            signature("dana", for: .request)
        )
        #expect(asked.breakGlass != nil && asked.admitted != nil)
    }

    @Test func `waives nothing but signatures`() throws {
        var scene = try Scene()
        scene.justification = nil
        scene.hosts = [.name("db-*")]
        let judgement = try scene.judgement(by: signature("duty-1"))
        #expect(judgement.refusals.map(\.rule) == ["host", "justification"])
    }

    @Test func `is not raised by a request, a pattern or a passkey that does not count`() throws {
        let page = BrowserSignature(origin: "https://elsewhere.example", isSynced: false)
        for signature in try [
            signature("duty-1", for: .request), signature("*"),
            signature("duty-1", browser: page),
        ] {
            let judgement = try Scene().judgement(by: signature)
            #expect(judgement.breakGlass == nil, "\(signature.principal)")
            #expect(judgement.refusals.map(\.rule) == ["approvals"], "\(signature.principal)")
        }
    }
}
