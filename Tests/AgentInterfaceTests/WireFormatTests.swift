import Admission
import AgentInterface
import StrictJSON
import TestSupport
import Testing
import Varlink

@Suite struct `The wire format` {
    private func roundTrip<Value: VarlinkCodable>(_ value: Value) throws -> Value {
        let reply = VarlinkReply(parameters: value.jsonValue, continues: true)
        return try Value(from: try VarlinkReply(message: reply.message).parameters)
    }

    @Test func `keeps every value`() throws {
        #expect(try roundTrip(Samples.status) == Samples.status)
        let list = GrantList(grants: [Samples.open, Samples.ended])
        #expect(try roundTrip(list) == list)
        let verdict = SubmissionResult(
            outcome: .refused,
            ids: [Samples.open.id],
            code: "stranger",
            reason: "why",
            deadline: "2026-12-01T12:00:00Z"
        )
        #expect(try roundTrip(verdict) == verdict)
        #expect(try roundTrip(SubmissionResult.pending) == .pending)
        let record = WatchReply(record: ["JITGATE_SEQ": "0"])
        #expect(try roundTrip(record) == record)
        #expect(try roundTrip(WatchReply(record: nil)) == WatchReply(record: nil))
        #expect(try roundTrip(Samples.trial) == Samples.trial)
        #expect(try roundTrip(Samples.explanation) == Samples.explanation)
        let denied = Explanation(mode: .enforce, rule: .denied)
        #expect(try roundTrip(denied) == denied)
        #expect(try roundTrip(Samples.inspection) == Samples.inspection)
        let blind = Inspection(tableOwnership: "owner", chains: nil)
        #expect(try roundTrip(blind) == blind)
    }

    @Test(
        arguments: [
            .interfaceNotFound("a"), .methodNotFound("b"), .invalidParameter("c"),
            .permissionDenied,
            .expectedMore, .noSuchGrant(["a", "b"]), .reloadRefused(["p"]), .noTrial,
            .noSuchBar(["a"]), .barsFull,
            .failed("r"),
        ] as [VarlinkError]
    )
    func `keeps every error`(fault: VarlinkError) throws {
        let reply = try VarlinkReply(message: VarlinkReply(fault).message)
        #expect(VarlinkError(name: reply.error ?? "", parameters: reply.parameters) == fault)
        #expect(fault.isKnown)
    }

    @Test func `has the members that the interface describes, in their order`() throws {
        let name = "Grant"
        #expect(Self.members(of: "type \(name) (") == names(Samples.open.jsonValue))
        #expect(Self.members(of: "method Status() -> (") == names(Samples.status.jsonValue))
        #expect(
            Self.members(of: "method Verdict(file: string, sha256: string) -> (")
                == names(SubmissionResult.pending.jsonValue)
        )
        #expect(
            Self.members(of: "method Explain(source: string, port: string) -> (")
                == names(Samples.explanation.jsonValue)
        )
        let trial = Self.members(of: "method Try(seconds: ?int, sessions: ?[]string) -> (")
        #expect(trial == names(Samples.trial.jsonValue))
        #expect(Self.members(of: "method Inspect() -> (") == names(Samples.inspection.jsonValue))
        let chain = Samples.inspection.chains?.first?.jsonValue ?? .null
        #expect(Self.members(of: "type Chain (") == names(chain))
        let fate = Samples.inspection.chains?.first?.fates?.first?.jsonValue ?? .null
        #expect(Self.members(of: "type Fate (") == names(fate))
    }

    @Test func `escapes what could drive a terminal`() {
        let text = String(decoding: Samples.ended.jsonValue.encoded(), as: UTF8.self)
        #expect(text.contains("eve \\u001b[31m\\u202e"))
    }

    @Test(arguments: [
        "", "null", "[]", "{}", "{\"method\":1}", "{\"method\":\"a.B\",\"parameters\":[]}",
        "{\"method\":\"a.B\",\"flags\":true}", "{\"method\":\"a.B\",\"upgrade\":true}",
        "{\"method\":\"a.B\",\"more\":true,\"oneway\":true}", "{\"method\":\"a.B\",\"more\":1}",
        "{\"method\":\"a.B\",\"method\":\"a.C\"}", "{\"method\":\"\\u0000\"}",
    ])
    func `takes nothing for a call that is none`(text: String) {
        #expect(VarlinkCall(message: Array(text.utf8)) == nil)
    }

    private func names(_ value: JSONValue) -> [String] {
        guard case .object(let members) = value else { return [] }
        return members.map(\.name)
    }

    /// The names before the colons from a line of the description up to the closing bracket.
    private static func members(of opening: String) -> [String] {
        let lines = AgentInterface.interface.description.split(separator: "\n").map(String.init)
        let body = lines.drop { $0 != opening }.dropFirst().prefix { $0 != ")" }
        let members = body.map { $0.drop { $0 == " " } }.filter { !$0.hasPrefix("#") }
        return members.map { String($0.prefix { $0 != ":" }) }
    }
}
