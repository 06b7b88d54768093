import AgentInterface
import Grants
import Linux
import StrictJSON
import Synchronization
import TestSupport
import Testing
import Varlink

@Suite struct `A control server` {
    private static let digest = String(repeating: "0a", count: 32)

    @Test func `answers each method`() async throws {
        let agent = try await TestAgent()
        let client = try agent.connect()
        #expect(try client.status() == Samples.status)
        #expect(try client.list(all: false) == [Samples.open])
        #expect(try client.list(all: true) == [Samples.open, Samples.ended])
        #expect(try client.revoke(.everything, reason: "over") == [Samples.open.id])
        let id = Samples.ended.id
        #expect(throws: ClientError.fault(.noSuchGrant(["\(id)"]))) {
            try client.revoke(.init(ids: [id]), reason: "over")
        }
        #expect(try client.reload().protectedPorts == [Samples.ssh])
        let file = VerdictParameters(file: "/f", sha256: Self.digest)
        let verdict = try client.lastReply(
            AgentInterface.verdict,
            file,
            timeoutMilliseconds: 10_000
        )
        #expect(verdict?.outcome == .accepted)
        #expect(agent.seenRequests.first == .status)
        let trial = TryParameters(seconds: 90)
        #expect(try client.call(AgentInterface.tryPolicy, trial) == Samples.trial)
        #expect(throws: ClientError.fault(.noTrial)) { try client.call(AgentInterface.confirm) }
        #expect(throws: ClientError.fault(.clockNotHeld)) {
            try client.call(AgentInterface.acceptClock)
        }
        let packet = ExplainParameters(source: "::1", port: Samples.ssh)
        #expect(try client.call(AgentInterface.explain, packet) == Samples.explanation)
        #expect(try client.call(AgentInterface.inspect) == Samples.inspection)
        #expect(agent.seenRequests.contains(.tryPolicy(seconds: 90, sessions: [])))
        #expect(agent.seenRequests.count == 12)
    }

    @Test func `says of a method that nothing handles that it is not implemented`() async throws {
        let agent = try await TestAgent { call, pending in
            var handlers = CallHandlers()
            handlers.on(AgentInterface.status) { _, _ in Samples.status }
            handlers.perform(call, from: TestAgent.root, pending)
        }
        let client = try agent.connect()
        #expect(try client.status() == Samples.status)
        #expect(throws: ClientError.fault(.methodNotImplemented("io.jitgate.Agent.Inspect"))) {
            try client.call(AgentInterface.inspect)
        }
    }

    @Test func `describes its interfaces`() async throws {
        let agent = try await TestAgent()
        defer { withExtendedLifetime(agent) {} }
        let client = try agent.connect()
        for (name, text) in [
            (AgentInterface.name, AgentInterface.interface.description),
            (ServiceInterface.name, ServiceInterface.description),
        ] {
            try client.send(
                VarlinkCall(
                    method: "org.varlink.service.GetInterfaceDescription",
                    parameters: ["interface": .string(name)]
                )
            )
            let reply = try client.receive(timeoutMilliseconds: 10_000)
            #expect(reply?.parameters["description"]?.text == text)
        }
    }

    @Test func `answers pipelined calls in their order`() async throws {
        let agent = try await TestAgent()
        let client = try agent.connect()
        for number in 0..<500 {
            try client.send(VarlinkCall(method: "io.jitgate.Agent.M\(number)"))
        }
        for number in 0..<500 {
            let reply = try #require(try client.receive(timeoutMilliseconds: 10_000))
            #expect(reply.parameters["method"]?.text == "io.jitgate.Agent.M\(number)")
        }
    }

    @Test func `does not begin a call before the one before it is answered`() async throws {
        let held = Held()
        let agent = try await TestAgent { request, pending in
            if request.method == "Verdict" { return held.hold(pending) }
            held.release(SubmissionResult(outcome: .accepted))
            TestAgent.answerAll(request, pending)
        }
        let first = try agent.connect()
        let file: JSONValue = ["file": "/f", "sha256": .string(Self.digest)]
        try first.send(VarlinkCall(method: "io.jitgate.Agent.Verdict", parameters: file))
        try first.send(VarlinkCall(method: "io.jitgate.Agent.Reload"))
        // Another connection is served meanwhile, and its call lets the first answer go.
        _ = try agent.connectAndAwait(.verdict(file: "/f", sha256: Self.digest)).status()
        let verdict = try #require(try first.receive(timeoutMilliseconds: 10_000))
        #expect(verdict.parameters["outcome"] == "accepted")
        #expect(try first.receive(timeoutMilliseconds: 10_000)?.parameters["mode"] == "enforce")
        #expect(
            agent.seenRequests == [
                .verdict(file: "/f", sha256: Self.digest), .status, .reload(sessions: []),
            ]
        )
    }

    @Test func `answers who has stopped sending, then hangs up`() async throws {
        let agent = try await TestAgent()
        defer { withExtendedLifetime(agent) {} }
        let raw = try agent.connectRaw()
        let call = VarlinkCall(method: "io.jitgate.Agent.Status").message
        _ = try raw.write(MessageFraming.frame(call)[...])
        _ = try raw.write(MessageFraming.frame(call)[...])
        try raw.endWriting()
        let replies = try raw.readToEnd().split(separator: 0)
        #expect(replies.count == 2)
        #expect(try VarlinkReply(message: Array(replies[1])).parameters == Samples.status.jsonValue)
    }

    @Test func `takes who has stopped sending for gone where an answer may never come`()
        async throws
    {
        let agent = try await TestAgent()
        defer { withExtendedLifetime(agent) {} }
        let raw = try agent.connectRaw()
        let call = VarlinkCall(method: "io.jitgate.Agent.Watch", wantsMore: true).message
        _ = try raw.write(MessageFraming.frame(call)[...])
        try raw.endWriting()
        let replies = try raw.readToEnd().split(separator: 0)
        #expect(replies.count == 1)
    }

    @Test func `says nothing to a call that wants no answer`() async throws {
        let agent = try await TestAgent()
        defer { withExtendedLifetime(agent) {} }
        let client = try agent.connect()
        try client.send(VarlinkCall(method: "io.jitgate.Agent.Reload", isOneway: true))
        try client.send(VarlinkCall(method: "io.jitgate.Agent.Nothing", isOneway: true))
        #expect(try client.status() == Samples.status)
    }

    @Test func `sends records to a watcher until it hangs up`() async throws {
        let watcher = Held()
        let agent = try await TestAgent { request, pending in
            guard request == .watch else {
                for number in 0..<3 { watcher.send(["JITGATE_SEQ": .string("\(number)")]) }
                return TestAgent.answerAll(request, pending)
            }
            pending.send(WatchReply(record: nil))
            watcher.hold(pending)
        }
        let (watching, other) = (try agent.connect(), try agent.connect())
        var records: [JSONValue?] = []
        try watching.watch { record in
            records.append(record)
            if record == nil { _ = try? other.status() }
            return records.count < 4
        }
        #expect(records == [nil] + (0..<3).map { ["JITGATE_SEQ": .string("\($0)")] })
        #expect(await agent.server.isOpen(watcher))
    }

    @Test func `is told that a watcher has gone`() async throws {
        let watcher = Held()
        let agent = try await TestAgent { request, pending in
            guard request == .watch else { return TestAgent.answerAll(request, pending) }
            watcher.hold(pending)
            pending.send(WatchReply(record: nil))
        }
        do {
            let leaving = try agent.connect()
            try leaving.watch { _ in false }
        }
        let other = try agent.connect()
        let deadline = ContinuousClock.now + .seconds(10)
        while await agent.server.isOpen(watcher), ContinuousClock.now < deadline {
            _ = try other.status()
        }
        #expect(await !agent.server.isOpen(watcher))
    }

    @Test func `hangs up when it stops`() async throws {
        let agent = try await TestAgent()
        let client = try agent.connect()
        _ = try client.status()
        await agent.server.stop()
        #expect(throws: ClientError.disconnected) { try client.status() }
    }
}

/// Repliers that a handler keeps for later, for use on the agent's queue alone.
final class Held: Sendable {
    private let pending = Mutex<AnyPendingCall?>(nil)

    func hold(_ pending: AnyPendingCall) {
        self.pending.withLock { $0 = pending }
    }

    func release(_ value: some VarlinkCodable) {
        pending.withLock { $0 }?.finish(value)
    }

    func send(_ record: JSONValue) {
        pending.withLock { $0 }?.send(WatchReply(record: record))
    }

    var isOpen: Bool { pending.withLock { $0 }?.isOpen ?? false }
}

extension VarlinkServer {
    /// Asks on the server's own queue.
    func isOpen(_ held: Held) -> Bool { held.isOpen }
}

extension TestAgent {
    /// Connects once a request has reached the handler.
    func connectAndAwait(_ request: CheckedCall) throws -> VarlinkClient {
        let deadline = ContinuousClock.now + .seconds(10)
        while !seenRequests.contains(request) {
            try #require(ContinuousClock.now < deadline)
        }
        return try connect()
    }
}

extension UnixConnection {
    /// Reads until the other side hangs up.
    func readToEnd() throws -> [UInt8] {
        var bytes: [UInt8] = []
        while true {
            try #require(try waitToRead(milliseconds: 10_000))
            let more = try read(65_536)
            guard !more.isEmpty else { return bytes }
            bytes += more
        }
    }
}
