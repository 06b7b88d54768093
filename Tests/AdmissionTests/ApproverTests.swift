import Grants
import TestSupport
import Testing

@testable import Admission
@testable import Signatures

/// 2027-01-15T08:00:00Z.
private let now = Moment(microseconds: 1_800_000_000_000_000)

/// A signature by the signer of lines with these names.
private func signature(
    _ names: String...,
    kind: SignatureKind = .key,
    for namespace: SignatureNamespace = .grant
) throws -> VerifiedSignature {
    let lists = try names.map { text throws in try PatternList(parsing: text) }
    return VerifiedSignature(
        namespace: namespace,
        principal: lists[0].firstName ?? names[0],
        principals: lists[0],
        keyType: "ssh-ed25519",
        kind: kind,
        signer: SignerIdentity(fingerprint: "SHA256:\(names.joined())", names: lists),
        lines: []
    )
}

private func approver(_ names: String...) throws -> Approver {
    Approver(signers: try NamePatterns(names))
}

/// A grant by dana for an hour of 22/tcp, and a policy with approvers.
private struct Scene {
    var ports = ["22/tcp"]
    var requestor = "dana"
    var source = "203.0.113.7/32"
    var length = Duration.seconds(3600)
    var expires: Moment?
    var history = GrantHistory.unseen
    var approvers: [Approver] = []
    var from: [String] = []
    var approvals = 1
    var isTimed = true

    func judgement(by signatures: [VerifiedSignature]) throws -> Judgement {
        var rules = PortRules(
            maxDuration: .seconds(7200),
            widestIPv4: 24,
            widestIPv6: 56,
            allowedSources: [],
            approvals: approvals,
            separateRequestor: false,
            requireJustification: false,
            onExpiry: .terminate
        )
        rules.approvalsFrom = try from.map { text throws in try NamePatterns([text]) }
        let known = try ["22/tcp", "3389/tcp"].map { text throws in try Port(parsing: text) }
        var policy = Policy(
            mode: .enforce,
            keepExisting: .reset,
            trusted: [],
            ports: Dictionary(uniqueKeysWithValues: known.map { ($0, rules) }),
            maxWait: .seconds(86_400)
        )
        policy.approvers = approvers
        let grant = Grant(
            id: GrantID(value: 1),
            hosts: [.name("*")],
            requestor: requestor,
            justification: nil,
            sources: [try Prefix(parsing: source)],
            ports: try ports.map { text throws in try Port(parsing: text) },
            notBefore: nil,
            expires: expires ?? now + length,
            duration: length
        )
        let payload = SignedPayload(
            bytes: [],
            signatures: signatures,
            sha256: "00"
        )
        let host = HostIdentity(hostname: "web-1", machineID: "")
        return Admission(policy: policy, host: host).judge(
            grant,
            signedBy: payload,
            history: history,
            at: now,
            isTimed: isTimed
        )
    }

    func isAdmitted(by signatures: VerifiedSignature...) throws -> Bool {
        let judgement = try judgement(by: signatures)
        #expect(judgement.refusals.allSatisfy { $0.rule == "approvals" })
        return judgement.admitted != nil
    }
}

@Suite struct `An approver with limits` {
    @Test func `lets in what its entry allows, and nobody else is limited`() throws {
        var entry = try approver("ci-*")
        entry.ports = [try Port(parsing: "22/tcp")]
        var scene = Scene(approvers: [entry])
        #expect(try scene.isAdmitted(by: signature("CI-Robot")))
        scene.ports = ["22/tcp", "3389/tcp"]
        #expect(try !scene.isAdmitted(by: signature("ci-robot")))
        #expect(try scene.isAdmitted(by: signature("lead")))
        #expect(try scene.isAdmitted(by: signature("ci-robot"), signature("lead")))
        let judgement = try scene.judgement(by: [signature("ci-robot"), signature("lead")])
        #expect(
            judgement.roles == [.exceeds(["approver 1 does not allow 3389/tcp"]), .approves]
        )
    }

    @Test(arguments: [
        ("203.0.113.0/28", true), ("203.0.113.0/24", true), ("203.0.112.0/24", false),
        ("2001:db8::/64", false),
    ])
    func `lets in sources inside those of its entry`(source: String, isIn: Bool) throws {
        var entry = try approver("ci")
        entry.sources = [try Prefix(parsing: "203.0.113.0/24")]
        let scene = Scene(source: source, approvers: [entry])
        #expect(try scene.isAdmitted(by: signature("ci")) == isIn)
    }

    @Test func `holds times to their borders, as far as the time is known`() throws {
        var entry = try approver("ci")
        entry.maxDuration = .seconds(3600)
        entry.maxWait = .seconds(60)
        var scene = Scene(approvers: [entry])
        #expect(try scene.isAdmitted(by: signature("ci")))
        scene.length = .microseconds(3_600_000_001)
        #expect(try !scene.isAdmitted(by: signature("ci")))
        scene.isTimed = false
        #expect(try scene.isAdmitted(by: signature("ci")))
        scene = Scene(expires: now + .seconds(3660), approvers: [entry])
        #expect(try scene.isAdmitted(by: signature("ci")))
        scene.expires = now + .microseconds(3_660_000_001)
        #expect(try !scene.isAdmitted(by: signature("ci")))
        // What is open waits no longer.
        scene.history = .live(sha256: "00", openSince: now)
        #expect(try scene.isAdmitted(by: signature("ci")))
    }

    @Test func `lets in the requestors of its entry who sign as such`() throws {
        var entry = try approver("ci")
        entry.requestors = try NamePatterns(["deploy-*", "!deploy-9"])
        var scene = Scene(requestor: "Deploy-1", approvers: [entry])
        let request = try signature("deploy-1,d", for: .request)
        #expect(try !scene.isAdmitted(by: signature("ci")))
        #expect(try scene.isAdmitted(by: signature("ci"), request))
        #expect(try !scene.isAdmitted(by: signature("ci"), signature("d", for: .request)))
        scene.requestor = "deploy-9"
        #expect(try !scene.isAdmitted(by: signature("ci"), signature("deploy-9", for: .request)))
        scene.requestor = "d"
        #expect(try !scene.isAdmitted(by: signature("ci"), request))
    }

    @Test func `is limited by the kinds of signatures that its entry is about`() throws {
        var entry = try approver("ops")
        entry.kinds = [.key, .certificate]
        entry.ports = [try Port(parsing: "22/tcp")]
        let scene = Scene(ports: ["3389/tcp"], approvers: [entry])
        for kind in SignatureKind.allCases {
            let isFree = kind == .sk || kind == .webauthn
            #expect(try scene.isAdmitted(by: signature("ops", kind: kind)) == isFree)
        }
    }

    @Test func `needs one entry that allows the whole grant`() throws {
        var first = try approver("ci")
        first.ports = [try Port(parsing: "22/tcp")]
        var second = try approver("*")
        second.ports = [try Port(parsing: "3389/tcp")]
        var scene = Scene(approvers: [first, second])
        #expect(try scene.judgement(by: [signature("ci")]).roles == [.approvesWithin(1)])
        scene.ports = ["3389/tcp"]
        #expect(try scene.judgement(by: [signature("ci")]).roles == [.approvesWithin(2)])
        scene.ports = ["22/tcp", "3389/tcp"]
        let judgement = try scene.judgement(by: [signature("ci")])
        #expect(judgement.admitted == nil)
        let reason = try #require(judgement.refusals.first?.reason)
        let all = "approver 1 does not allow 3389/tcp, approver 2 does not allow 22/tcp"
        #expect(reason == "22/tcp needs 1 signers and this has 0; \"ci\" does not count: \(all)")
    }

    @Test(arguments: [
        ("lead,ci-robot", false), ("lead", true), ("c?-robot", false), ("*", false),
        ("ci-*", false), ("ci-robot,!lead", false), ("CI-ROBOT", false), ("x*", true),
    ])
    func `is limited by any of its names, and by a pattern that may mean one`(
        names: String,
        isFree: Bool
    ) throws {
        var entry = try approver("ci-robot")
        entry.ports = [try Port(parsing: "22/tcp")]
        let scene = Scene(ports: ["3389/tcp"], approvers: [entry])
        #expect(try scene.isAdmitted(by: signature(names)) == isFree)
        #expect(try scene.isAdmitted(by: signature("other", names)) == isFree)
    }

    @Test func `of a pattern in allowed_signers has no more than an entry for that pattern`() throws
    {
        let wide = try approver("oncall-lead")
        var narrow = try approver("oncall-*")
        narrow.maxDuration = .seconds(60)
        var scene = Scene(approvers: [wide, narrow])
        #expect(try scene.isAdmitted(by: signature("oncall-lead")))
        #expect(try !scene.isAdmitted(by: signature("oncall-*")))
        scene.length = .seconds(60)
        #expect(try scene.judgement(by: [signature("oncall-*")]).roles == [.approvesWithin(2)])
    }

    @Test func `is not limited by an entry that excludes it`() throws {
        var entry = try approver("*", "!Lead")
        entry.ports = [try Port(parsing: "22/tcp")]
        let scene = Scene(ports: ["3389/tcp"], approvers: [entry])
        #expect(try scene.isAdmitted(by: signature("lead")))
        #expect(try !scene.isAdmitted(by: signature("leader")))
        #expect(try !scene.isAdmitted(by: signature("lead", "other")))
    }

    @Test func `is on record by the number of its entry`() throws {
        var first = try approver("ci")
        first.maxDuration = .seconds(60)
        let scene = Scene(approvers: [first, try approver("c*"), try approver("ci")])
        let signatures = try [signature("lead"), signature("ci"), signature("ci", for: .request)]
        let payload = SignedPayload(
            bytes: [],
            signatures: signatures,
            sha256: "00"
        )
        let judgement = try scene.judgement(by: signatures)
        #expect(judgement.approvers(of: payload) == ["2 ci"])
        for (recorded, fits) in [
            (["2 ci"], true), (["3 ci"], true), (["1 ci"], false), ([], false), (["2 lead"], false),
            (["2 ci", "3 ci"], false),
        ] {
            #expect(judgement.fits(approvers: recorded, of: payload) == fits)
        }
    }
}

@Suite struct `Approvals from several sides` {
    @Test func `need a signer of its own for each pattern`() throws {
        let scene = Scene(from: ["sec-*", "ops-*"])
        #expect(try scene.isAdmitted(by: signature("sec-1"), signature("ops-1")))
        #expect(try scene.isAdmitted(by: signature("OPS-1"), signature("Sec-1")))
        #expect(try !scene.isAdmitted(by: signature("sec-1"), signature("sec-2")))
        #expect(try !scene.isAdmitted(by: signature("sec-1,ops-1")))
        #expect(try scene.isAdmitted(by: signature("sec-1,ops-1"), signature("sec-2")))
        #expect(try !scene.isAdmitted(by: signature("sec-1"), signature("sec-1", "ops-1")))
        // A pattern in allowed_signers shows nobody's name.
        #expect(try !scene.isAdmitted(by: signature("sec-1"), signature("ops-*")))
        let refusal = try #require(
            try scene.judgement(by: [signature("sec-1"), signature("x")]).refusals.first
        )
        #expect(
            refusal.reason == "22/tcp needs a signer of its own for each of \"sec-*\"; \"ops-*\","
                + " and has none for \"ops-*\""
        )
    }

    @Test func `add up to the number of approvals`() throws {
        let scene = Scene(from: ["sec-*"], approvals: 2)
        #expect(try !scene.isAdmitted(by: signature("sec-1")))
        #expect(try scene.isAdmitted(by: signature("sec-1"), signature("x")))
        let twice = Scene(from: ["ops-*,!ops-9", "ops-*"])
        #expect(try !twice.isAdmitted(by: signature("ops-1")))
        #expect(try !twice.isAdmitted(by: signature("ops-9"), signature("sec-1")))
        #expect(try twice.isAdmitted(by: signature("ops-9"), signature("ops-1")))
    }

    @Test(arguments: UInt64(0)..<300)
    func `are met whenever any choice meets them`(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let count = Int.random(in: 1...8, using: &generator)
        let signatures = try (0..<count).map { number in
            let names = (0..<2).map { _ in "n\(Int.random(in: 0..<7, using: &generator))" }
            return try signature("k\(number),\(names.joined(separator: ","))")
        }
        let from = (0..<Int.random(in: 0...3, using: &generator)).map { _ in
            let names = (0..<2).map { _ in "n\(Int.random(in: 0..<7, using: &generator))" }
            return names.joined(separator: ",")
        }
        let approvals = Int.random(in: 1...4, using: &generator)
        let scene = Scene(from: from, approvals: approvals)
        let patterns = try from.map { text throws in try NamePatterns([text]) }
        let isMet = (0..<1 << count).contains { choice in
            let chosen = (0..<count).filter { choice >> $0 & 1 == 1 }.map { signatures[$0].signer }
            let areDifferent = chosen.indices.allSatisfy { one in
                chosen[..<one].allSatisfy { !$0.isSamePerson(as: chosen[one]) }
            }
            return areDifferent && chosen.count >= max(approvals, from.count)
                && Self.meets(patterns[...], by: chosen)
        }
        #expect(try (scene.judgement(by: signatures).admitted != nil) == isMet)
    }

    /// Tries each signer for the first pattern, and then the others for the rest.
    private static func meets(_ patterns: ArraySlice<NamePatterns>, by signers: [SignerIdentity])
        -> Bool
    {
        guard let first = patterns.first else { return true }
        return signers.indices.contains { index in
            guard signers[index].names.contains(where: first.matches) else { return false }
            var rest = signers
            rest.remove(at: index)
            return meets(patterns.dropFirst(), by: rest)
        }
    }

    @Test func `are found at once among sixteen signers and sixteen patterns`() throws {
        // A ring has the most ways to choose different people.
        let ring = try (0..<16).map { try signature("n\($0),n\(($0 + 1) % 16)") }
        let from = (0..<8).map { "n\(2 * $0),n\(2 * $0 + 1)" }
        #expect(try Scene(from: from).judgement(by: ring).admitted != nil)
        #expect(try Scene(from: from + ["n0"]).judgement(by: ring).admitted == nil)
        let all = try (0..<16).map { try signature("n\($0)") }
        let any = [String](repeating: "n*", count: 16)
        #expect(try Scene(from: any).judgement(by: all).admitted != nil)
        #expect(try Scene(from: any).judgement(by: Array(all.dropLast())).admitted == nil)
    }
}

@Suite struct `Patterns of names` {
    @Test(arguments: [
        (["ci"], "CI", true), (["oncall-*", "!oncall-eve"], "Oncall-Eve", false),
        (["oncall-*", "!oncall-eve"], "oncall-bob", true), (["!a", "*"], "a", false),
        (["a,b"], "b", true), (["\u{C9}va"], "\u{E9}va", true), (["a?"], "ab", true),
        (["a?"], "a", false),
    ])
    func `match without case, and a negated one excludes`(
        texts: [String],
        name: String,
        matches: Bool
    ) throws {
        #expect(try NamePatterns(texts).matches(name) == matches)
    }

    @Test(arguments: [
        (["!a"], true), (["a", "!A"], true), (["a*", "!a*"], true), (["a*", "!*"], true),
        (["a", "!?"], true), (["a*", "!a?"], false), (["a", "b", "!a"], false),
        (["*", "!a"], false),
    ])
    func `are contradictory if nobody is left`(texts: [String], isSo: Bool) throws {
        #expect(try NamePatterns(texts).isContradictory == isSo)
    }

    @Test(arguments: ["", "a,", ",a", "!", "a,,b"])
    func `are no empty ones`(text: String) {
        #expect(throws: TextError.self) { try NamePatterns([text]) }
    }
}
