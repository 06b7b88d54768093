import Grants
import TestSupport
import Testing

@testable import Admission
@testable import Signatures

/// 2027-01-15T08:00:00Z.
private let now = Moment(microseconds: 1_800_000_000_000_000)

private let standard = PortRules.hourly()

/// A signature by the signer of a line with these names, who may have more on other lines.
private func signature(
    _ names: String...,
    key: String? = nil,
    for namespace: SignatureNamespace = .grant
) throws -> VerifiedSignature {
    let lists = try names.map { text throws in try PatternList(parsing: text) }
    let first = try #require(lists.first)
    return VerifiedSignature(
        namespace: namespace,
        principal: first.firstName ?? names[0],
        principals: first,
        keyType: "ssh-ed25519",
        kind: .key,
        signer: SignerIdentity(fingerprint: "SHA256:\(key ?? names.joined())", names: lists),
        lines: []
    )
}

/// A grant by dana for 22/tcp, and what it is judged by.
private struct Scene {
    var sources = ["203.0.113.0/24"]
    var length = Duration.seconds(3600)
    var justification = "INC-4211"
    var requestor = "dana"
    var rules = standard
    var version = RulesVersion.current
    var history = GrantHistory.unseen
    var supersedes: [GrantID: SupersededGrant] = [:]
    var approvers: [Approver] = []
    /// The rules of other protected ports.
    var others: [Port: PortRules] = [:]
    /// The end, where it is not the length after now.
    var expires: Moment?

    /// The names of the rules that refuse it.
    func refusals(by signatures: [VerifiedSignature]? = nil) throws -> [String] {
        try judgement(by: signatures).refusals.map { $0.rule }
    }

    func judgement(by signatures: [VerifiedSignature]? = nil) throws -> Judgement {
        let port = try Port(parsing: "22/tcp")
        let grant = Grant(
            id: GrantID(value: 1),
            hosts: [.name("web-*")],
            requestor: requestor,
            justification: justification,
            sources: try sources.map { text throws in try Prefix(parsing: text) },
            ports: [port],
            notBefore: nil,
            expires: expires ?? now + length,
            duration: expires == nil ? nil : length,
            supersedes: supersedes.keys.sorted()
        )
        var policy = Policy(
            mode: .enforce,
            keepExisting: .keep(for: nil),
            trusted: [],
            ports: others.merging([port: rules]) { $1 },
            maxWait: .seconds(86_400)
        )
        policy.approvers = approvers
        let payload = SignedPayload(
            bytes: [],
            signatures: try signatures ?? [signature("dana")],
            sha256: "00"
        )
        let host = HostIdentity(hostname: "web-1", machineID: "")
        let admission = Admission(policy: policy, host: host)
        return admission.judge(
            grant,
            signedBy: payload,
            history: history,
            superseding: supersedes,
            at: now,
            under: version
        )
    }
}

@Suite struct `Admission of a grant that supersedes others` {
    private let old = GrantID(value: 2)

    @Test(arguments: [
        ("dana", []), ("Dana", ["supersedes"]), ("dana ", ["supersedes"]), ("eve", ["supersedes"]),
    ])
    func `wants them to be the same requestor's`(requestor: String, refused: [String]) throws {
        var scene = Scene()
        let ports = [try Port(parsing: "22/tcp")]
        scene.supersedes = [old: SupersededGrant(requestor: requestor, ports: ports)]
        #expect(try scene.refusals() == refused)
    }

    @Test func `holds it to the rules of their ports, too`() throws {
        var scene = Scene()
        let other = try Port(parsing: "3389/tcp")
        var strict = standard
        strict.approvals = 2
        scene.others = [other: strict]
        #expect(try scene.refusals().isEmpty)
        scene.supersedes = [old: SupersededGrant(requestor: "dana", ports: [other])]
        #expect(try scene.refusals() == ["approvals"])
        let both = try [signature("dana"), signature("erin")]
        #expect(try scene.refusals(by: both).isEmpty)
        strict.maxDuration = .seconds(60)
        scene.others = [other: strict]
        #expect(try scene.refusals(by: both) == ["max-duration"])
    }

    @Test func `counts no approver for whom their ports are too much`() throws {
        var scene = Scene()
        let other = try Port(parsing: "3389/tcp")
        scene.others = [other: standard]
        var approver = Approver(signers: try NamePatterns(["dana"]))
        approver.ports = [try Port(parsing: "22/tcp")]
        scene.approvers = [approver]
        #expect(try scene.refusals().isEmpty)
        scene.supersedes = [old: SupersededGrant(requestor: "dana", ports: [other])]
        #expect(try scene.refusals() == ["approvals"])
    }

    @Test func `asks nothing for ports that are protected no longer`() throws {
        var scene = Scene()
        let ports = [try Port(parsing: "5900/tcp")]
        scene.supersedes = [old: SupersededGrant(requestor: "dana", ports: ports)]
        #expect(try scene.refusals().isEmpty)
    }
}

@Suite struct `Admission of a grant` {
    @Test(arguments: [
        (3_600_000_000, []), (3_600_000_001, ["max-duration"]), (1, []), (0, ["expires"]),
    ])
    func `holds a length of time to its border`(microseconds: Int, refused: [String]) throws {
        let scene = Scene(length: .microseconds(microseconds))
        #expect(try scene.refusals() == refused)
    }

    @Test(arguments: [
        ("203.0.113.0/24", []), ("203.0.112.0/23", ["widest-source"]), ("2001:db8::/56", []),
        ("2001:db8::/55", ["widest-source"]),
    ])
    func `holds a source to its border`(source: String, refused: [String]) throws {
        #expect(try Scene(sources: [source]).refusals() == refused)
    }

    @Test(arguments: [
        ["0.0.0.0/0"], ["::/0"], ["128.0.0.0/1", "0.0.0.0/1"], ["8000::/1", "::/1"],
        ["0.0.0.0/1", "128.0.0.0/2", "192.0.0.0/2"], ["0.0.0.0/1", "0.0.0.0/2", "128.0.0.0/1"],
    ])
    func `never lets in the whole internet, whatever policy says`(sources: [String]) throws {
        var scene = Scene(sources: sources)
        scene.rules.widestIPv4 = 0
        scene.rules.widestIPv6 = 0
        #expect(try scene.refusals() == ["whole-internet"])
        scene.sources = ["0.0.0.0/1", "8000::/1"]
        #expect(try scene.refusals().isEmpty)
    }

    @Test func `wants sources inside those allowed`() throws {
        var scene = Scene(sources: ["203.0.113.0/25"])
        scene.rules.allowedSources = [try Prefix(parsing: "203.0.113.0/25")]
        #expect(try scene.refusals().isEmpty)
        scene.sources = ["203.0.113.0/24"]
        #expect(try scene.refusals() == ["allowed-sources"])
    }

    @Test func `bounds how far ahead its end lies, by max_wait and the port's max_duration`() throws
    {
        var scene = Scene(length: .seconds(60))
        let latest = now + .seconds(86_400 + 3600)
        for (expires, refused) in [(latest, []), (latest + .microseconds(1), ["max-wait"])] {
            scene.expires = expires
            #expect(try scene.refusals() == refused)
        }
        // What is open waits no longer.
        scene.history = .live(sha256: "00", openSince: now)
        #expect(try scene.refusals().isEmpty)
        scene.history = .live(sha256: "00", openSince: nil)
        #expect(try scene.refusals() == ["max-wait"])
        scene.version = .first
        #expect(try scene.refusals().isEmpty)
    }

    @Test func `names every rule that refuses`() throws {
        var scene = Scene(sources: ["0.0.0.0/0"], length: .seconds(7200), justification: " ")
        scene.rules.approvals = 2
        let all = ["max-duration", "widest-source", "whole-internet", "approvals", "justification"]
        #expect(try scene.refusals() == all)
    }
}

@Suite struct `Approvals of a grant` {
    private static let two: Scene = {
        var scene = Scene()
        scene.rules.approvals = 2
        return scene
    }()
    private static let separate: Scene = {
        var scene = Scene()
        scene.rules.separateRequestor = true
        return scene
    }()

    @Test(arguments: [
        ("dana", "dana"), ("dana@example.com,dana", "dana,dana@example.com"),
        ("dana@example.com", "dana@example.com,dana"), ("dana@example.com,d@old", "d@old"),
        ("dana", "Dana"), ("dana@example.com", "lead,DANA@example.COM"), ("ÉVA", "éva"),
        ("*@example.com", "dana@example.com"), ("d*@example.com,dana", "DANA@example.com"),
        ("*@example.com", "dana@*"), ("dana?", "?ana1"), ("*", "x"), ("*", "*"),
        ("*@example.com,!Dana@example.com", "dana@example.com"),
    ])
    func `by two keys whose lines may mean one person count once`(
        first: String,
        second: String
    ) throws {
        let signatures = [try signature(first, key: "1"), try signature(second, key: "2")]
        #expect(try Self.two.refusals(by: signatures) == ["approvals"])
        #expect(try Self.two.refusals(by: signatures.reversed()) == ["approvals"])
        let roles = try Self.two.judgement(by: signatures).roles
        #expect(roles == [.approves, .repeats(1)])
    }

    @Test(arguments: [
        ("dana", "lead"), ("dana@a.example", "dana@b.example"), ("*@a.example", "*@b.example"),
        ("*@example.com,!dana@example.com", "dana@example.com"), ("d?", "dana"),
        ("dana,!lead", "lead"),
        ("d*,!x", "x*"),
    ])
    func `by two people count twice`(first: String, second: String) throws {
        let signatures = [try signature(first, key: "1"), try signature(second, key: "2")]
        #expect(try Self.two.refusals(by: signatures).isEmpty)
        #expect(try Self.two.judgement(by: signatures).roles == [.approves, .approves])
    }

    @Test func `by one key, or by a key with a name on another line, count once`() throws {
        let lead = try signature("lead", key: "1")
        #expect(try Self.two.refusals(by: [lead, signature("dana", key: "1")]) == ["approvals"])
        let both = try signature("dana", "lead", key: "2")
        #expect(try Self.two.refusals(by: [lead, both]) == ["approvals"])
    }

    @Test func `are as many as there can be different people, in whatever order they come`() throws
    {
        // Who shares a name with each of two others makes those two no one person.
        let signatures = try [
            signature("a,b", key: "1"), signature("a", key: "2"), signature("b", key: "3"),
        ]
        for order in [[0, 1, 2], [1, 0, 2], [2, 1, 0]] {
            #expect(try Self.two.refusals(by: order.map { signatures[$0] }).isEmpty)
        }
        #expect(
            try Self.two.judgement(by: signatures).roles == [.repeats(2), .approves, .approves]
        )
        // A ring of 15 has room for seven.
        let ring = try (0..<15).map { try signature("n\($0),n\(($0 + 1) % 15)", key: "\($0)") }
        for (approvals, refused) in [(7, []), (8, ["approvals"])] {
            var scene = Scene()
            scene.rules.approvals = approvals
            #expect(try scene.refusals(by: ring) == refused)
        }
    }

    @Test(arguments: UInt64(0)..<100)
    func `are a largest choice among any signers`(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let signers = try (0..<8).map { number in
            let names = (0..<2).map { _ in "n\(Int.random(in: 0..<8, using: &generator))" }
            return try signature(names.joined(separator: ","), key: "\(number)").signer
        }
        let best = (0..<256).filter { choice in
            let chosen = (0..<8).filter { choice >> $0 & 1 == 1 }
            return chosen.allSatisfy { one in
                chosen.allSatisfy { $0 == one || !signers[one].isSamePerson(as: signers[$0]) }
            }
        }
        .map(\.nonzeroBitCount).max()
        #expect(DistinctPeople(among: signers).people.count == best)
    }

    @Test func `are none of the requestor's, who signs as such, where policy says so`() throws {
        let scene = Self.separate
        let lead = try signature("lead")
        let request = try signature("dana", key: "1", for: .request)
        #expect(try scene.refusals(by: [lead, request]).isEmpty)
        #expect(try scene.judgement(by: [lead, request]).roles == [.approves, .requests])
        #expect(try scene.refusals(by: [lead]) == ["approvals"])
        #expect(try scene.refusals(by: [request]) == ["approvals"])
        let own = try signature("dana", key: "1")
        #expect(try scene.refusals(by: [own, request]) == ["approvals"])
        #expect(try scene.judgement(by: [own, request]).roles == [.approvesOwn, .requests])
        // Not by another key of theirs, nor by a pattern that means them.
        for names in ["Dana@example.com,dana", "DANA", "d*", "*"] {
            let other = try signature(names, key: "2")
            #expect(try scene.refusals(by: [other, request]) == ["approvals"], "\(names)")
        }
        let alias = try signature("dana,d@example.com", key: "1", for: .request)
        let aliased = try signature("d@example.com", key: "3")
        #expect(try scene.refusals(by: [aliased, alias]) == ["approvals"])
        #expect(try scene.refusals(by: [aliased, alias, lead]).isEmpty)
    }

    @Test(arguments: [
        "Dana", "dana@example.com.", "Dana Doe <dana@example.com>", " dana", "d\u{430}na", "lead",
        "*",
    ])
    func `are worth nothing where nobody of the requestor's name asked`(requestor: String) throws {
        var scene = Self.separate
        scene.requestor = requestor
        let isDana = requestor == "Dana"
        let signatures = try [signature("lead"), signature("dana,d*", key: "1", for: .request)]
        #expect(try scene.refusals(by: signatures) == (isDana ? [] : ["approvals"]))
        guard !isDana else { return }
        let refusal = try #require(try scene.judgement(by: signatures).refusals.first)
        #expect(
            refusal.reason.contains("the one of \"dana\" is not by \(requestor.debugDescription)")
        )
        let without = try #require(try scene.judgement(by: [signature("lead")]).refusals.first)
        #expect(without.reason.hasSuffix("under jitgate-request, and this has none"))
        #expect(without.remedy.contains("jitgate sign --as-requestor"))
    }

    @Test func `were counted by first names before, and still are for records of then`() throws {
        var scene = Self.two
        scene.version = .first
        let signatures = try [signature("dana,d", key: "1"), signature("d,dana", key: "2")]
        #expect(try scene.refusals(by: signatures).isEmpty)
        #expect(try scene.refusals(by: [signatures[0], signatures[0]]) == ["approvals"])
        scene = Self.separate
        scene.version = .first
        scene.requestor = "Dana"
        #expect(try scene.refusals().isEmpty)
        scene.requestor = "dana"
        #expect(try scene.refusals() == ["approvals"])
    }
}
