import Admission
import Grants
import Testing

@testable import Signatures

/// 2027-01-15T08:00:00Z.
private let now = Moment(microseconds: 1_800_000_000_000_000)

private let standard = PortRules(
    maxDuration: .seconds(3600),
    widestIPv4: 24,
    widestIPv6: 56,
    allowedSources: [],
    approvals: 1,
    separateRequestor: false,
    requireJustification: true,
    onExpiry: .terminate
)

private func approval(_ name: String, key: String? = nil) throws -> Approval {
    Approval(
        principal: name,
        principals: try PatternList(parsing: name),
        keyType: "ssh-ed25519",
        fingerprint: "SHA256:\(key ?? name)",
        line: ""
    )
}

/// A grant by dana for 22/tcp, and what it is judged by.
private struct Scene {
    var sources = ["203.0.113.0/24"]
    var length = Duration.seconds(3600)
    var justification = "INC-4211"
    var rules = standard

    /// The names of the rules that refuse it.
    func refusals(by approvals: [Approval]? = nil) throws -> [String] {
        let port = try Port(parsing: "22/tcp")
        let grant = Grant(
            id: GrantID(value: 1),
            hosts: [.name("web-*")],
            requestor: "dana",
            justification: justification,
            sources: try sources.map { text throws in try Prefix(parsing: text) },
            ports: [port],
            notBefore: nil,
            expires: now + length,
            duration: nil
        )
        let policy = Policy(
            mode: .enforce,
            keepExisting: .keep(for: nil),
            trusted: [],
            ports: [port: rules]
        )
        let payload = SignedPayload(
            bytes: [],
            namespace: .grant,
            approvals: try approvals ?? [approval("dana")],
            sha256: "00"
        )
        let host = HostIdentity(hostname: "web-1", machineID: "")
        let admission = Admission(policy: policy, host: host)
        let judgement = admission.judge(grant, signedBy: payload, history: .unseen, at: now)
        return judgement.refusals.map { $0.rule }
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

    @Test func `counts signers that share neither name nor key`() throws {
        var scene = Scene()
        scene.rules.approvals = 2
        let dana = try approval("dana")
        #expect(try scene.refusals(by: [dana, approval("dana", key: "x")]) == ["approvals"])
        #expect(try scene.refusals(by: [dana, approval("lead", key: "dana")]) == ["approvals"])
        #expect(try scene.refusals(by: [dana, approval("lead")]).isEmpty)
    }

    @Test func `counts no approval of the requestor where policy says so`() throws {
        var scene = Scene()
        scene.rules.separateRequestor = true
        #expect(try scene.refusals() == ["approvals"])
        #expect(try scene.refusals(by: [approval("lead")]).isEmpty)
    }

    @Test func `names every rule that refuses`() throws {
        var scene = Scene(sources: ["0.0.0.0/0"], length: .seconds(7200), justification: " ")
        scene.rules.approvals = 2
        let all = ["max-duration", "widest-source", "whole-internet", "approvals", "justification"]
        #expect(try scene.refusals() == all)
    }
}
