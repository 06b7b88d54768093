import AgentInterface
import Grants
import StrictJSON
import TestSupport
import Testing
import Varlink

@Suite struct `The parameters of a method` {
    private static let digest = String(repeating: "0a", count: 32)
    private static let text = "192.0.2.7 50000 192.0.2.1 22"
    private static let keys = ["SHA256:" + String(repeating: "A", count: 43)]

    private static var calls: [VarlinkCall] {
        [
            call(AgentInterface.status, NoParameters()),
            call(AgentInterface.list, ListParameters(all: true)),
            call(AgentInterface.revoke, RevokeParameters(.everything, reason: "r")),
            call(AgentInterface.bars, NoParameters()),
            call(AgentInterface.unbar, UnbarParameters([Samples.open.id], keys: keys, reason: "r")),
            call(AgentInterface.verdict, VerdictParameters(file: "/f", sha256: digest)),
            call(AgentInterface.reload, ReloadParameters()),
            call(AgentInterface.tryPolicy, TryParameters(seconds: 90)),
            call(AgentInterface.confirm, NoParameters()),
            call(AgentInterface.acceptClock, NoParameters()),
            call(AgentInterface.explain, ExplainParameters(source: "::1/128", port: "22/tcp")),
            call(AgentInterface.inspect, NoParameters()),
            call(AgentInterface.rekey, NoParameters()),
            call(AgentInterface.watch, NoParameters()),
            call(AgentInterface.attest, NoParameters()),
            call(AgentInterface.count, NoParameters()),
            call(AgentInterface.prove, ProveParameters(sizes: [0, 7])),
        ]
    }

    private static func call<Parameters, Reply>(
        _ method: MethodDescriptor<Parameters, Reply>,
        _ parameters: Parameters
    ) -> VarlinkCall {
        VarlinkCall(
            method: "\(method.interface).\(method.name)",
            parameters: parameters.jsonValue,
            wantsMore: true
        )
    }

    private func readBack<Parameters, Reply>(
        _ method: MethodDescriptor<Parameters, Reply>,
        _ parameters: Parameters
    ) throws -> Bool {
        try method.parameters(of: parameters.jsonValue) == parameters
    }

    @Test func `are read as they are written`() throws {
        let session = try #require(SSHConnection(parsing: Self.text))
        let ids = RevocationSelection(ids: [Samples.open.id, Samples.ended.id])
        #expect(try readBack(AgentInterface.list, ListParameters(all: true)))
        #expect(try readBack(AgentInterface.list, ListParameters(all: false)))
        #expect(try readBack(AgentInterface.revoke, RevokeParameters(.everything, reason: "r")))
        #expect(try readBack(AgentInterface.revoke, RevokeParameters(ids, reason: "r")))
        var wide = RevocationSelection()
        (wide.requestors, wide.signers, wide.sources) = (["dana*"], ["ci"], ["192.0.2.0/24"])
        wide.keys = ["SHA256:" + String(repeating: "A", count: 43)]
        let until = try Moment(parsing: "2026-12-01T10:00:00Z")
        let bar = RevokeParameters(wide, until: until, reason: "r")
        #expect(try readBack(AgentInterface.revoke, bar))
        let file = VerdictParameters(file: "/f", sha256: Self.digest)
        #expect(try readBack(AgentInterface.verdict, file))
        #expect(try readBack(AgentInterface.reload, ReloadParameters(sessions: [session])))
        let trial = TryParameters(seconds: 86_400, sessions: [session])
        #expect(try readBack(AgentInterface.tryPolicy, trial))
        let packet = ExplainParameters(source: "2001:db8::/64", port: "3389/udp")
        #expect(try readBack(AgentInterface.explain, packet))
        #expect(try readBack(AgentInterface.status, NoParameters()))
        #expect(try readBack(AgentInterface.prove, ProveParameters(sizes: [0, 1, 9])))
    }

    @Test(arguments: [[5, 5], [5, 4], [-1], Array(0..<1025)] as [[Int64]])
    func `of Prove are sizes that grow, at most 1,024`(sizes: [Int64]) {
        let list = JSONValue.array(sizes.map(JSONValue.integer))
        #expect(throws: VarlinkError.invalidParameter("sizes")) {
            try AgentInterface.prove.parameters(of: ["sizes": list])
        }
    }

    @Test func `may be missing where the interface says so`() throws {
        #expect(try AgentInterface.tryPolicy.parameters(of: [:]) == TryParameters(seconds: 120))
        #expect(try AgentInterface.list.parameters(of: ["all": nil]) == ListParameters(all: false))
        #expect(try AgentInterface.reload.parameters(of: [:]) == ReloadParameters())
    }

    /// Values of every type, and texts that mean nothing.
    private static let hostile: [JSONValue] = [
        nil, true, 0, -1, .integer(.max), "", "\u{0}", "\u{202E}22/tcp", [], [1], [[]], ["x"], [:],
        ["all": true], .string(String(repeating: "9", count: 100_000)),
        .array(Array(repeating: "x", count: 10_000)),
    ]

    @Test func `of any value are read, or refused by their own name`() throws {
        let router = TestAgent.router
        for call in Self.calls {
            let route = router.route(call, from: TestAgent.root)
            guard case .ask = route else {
                Issue.record("\(call.method) is refused: \(route)")
                continue
            }
            guard case .object(let members) = call.parameters else { continue }
            for member in members {
                for value in Self.hostile {
                    let others = members.filter { $0.name != member.name }
                    let changed = others + [JSONValue.Member(member.name, value)]
                    expectNamed(member.name, router, call, .object(changed))
                }
            }
        }
    }

    private func expectNamed(
        _ name: String,
        _ router: CallRouter,
        _ call: VarlinkCall,
        _ parameters: JSONValue
    ) {
        let changed = VarlinkCall(method: call.method, parameters: parameters, wantsMore: true)
        guard case .answer(let reply) = router.route(changed, from: TestAgent.root) else { return }
        // Without `all` nothing is named that could be revoked.
        let allowed: [VarlinkReply] = ["ids", name].map { VarlinkReply(.invalidParameter($0)) }
        #expect(allowed.contains(reply), "\(call.method) \(parameters)")
    }

    @Test func `that no method knows are named`() {
        for call in Self.calls {
            guard case .object(let members) = call.parameters else { continue }
            let more = JSONValue.object(members + [JSONValue.Member("x", 1)])
            let changed = VarlinkCall(method: call.method, parameters: more, wantsMore: true)
            let route = TestAgent.router.route(changed, from: TestAgent.root)
            #expect(route == .answer(VarlinkReply(.invalidParameter("x"))), "\(call.method)")
        }
    }

    @Test func `are described with the method`() {
        let text = AgentInterface.interface.description
        for call in Self.calls {
            let name = call.method.split(separator: ".").last ?? ""
            #expect(text.contains("\nmethod \(name)("))
        }
        #expect(text.components(of: "\nmethod ") == Self.calls.count)
    }
}

extension String {
    /// The number of times that a text occurs in it.
    fileprivate func components(of text: String) -> Int { ranges(of: text).count }
}
