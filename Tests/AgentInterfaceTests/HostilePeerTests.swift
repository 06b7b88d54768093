import Admission
import AgentInterface
import Dispatch
import Glibc
import Linux
import StrictJSON
import Synchronization
import SystemPackage
import TestSupport
import Testing

@testable import Varlink

@Suite struct `A hostile peer` {
    private static let script = """
        import socket, sys
        s = socket.socket(socket.AF_UNIX)
        s.connect(sys.argv[1])
        try:
            for method in sys.argv[2:]:
                s.sendall(b'{"method":"' + method.encode() + b'"}\\0')
            s.shutdown(socket.SHUT_WR)
            while data := s.recv(65536):
                sys.stdout.buffer.write(data)
        except (BrokenPipeError, ConnectionResetError):
            pass  # The agent hung up on us.
        """

    /// The answers that a process of another user gets.
    private func answers(
        _ agent: TestAgent,
        group: UInt32,
        _ methods: String...
    ) throws -> [VarlinkReply] {
        let result = try Command.run(
            [
                "setpriv", "--reuid", "65534", "--regid", "65534", "--groups", "\(group)",
                "/usr/bin/python3", "-c", Self.script, agent.path,
            ] + methods
        )
        #expect(result.status == 0, "\(result.errors)")
        return try result.output.split(separator: 0).map { try VarlinkReply(message: Array($0)) }
    }

    @Test func `of another user is denied everything`() async throws {
        let agent = try await TestAgent(group: 990)
        try agent.openToEveryone()
        let replies = try answers(
            agent,
            group: 991,
            "io.jitgate.Agent.Status",
            "io.jitgate.Agent.Revoke",
            "org.varlink.service.GetInfo"
        )
        #expect(replies == Array(repeating: VarlinkReply(.permissionDenied), count: 3))
        #expect(agent.seenRequests.isEmpty)
    }

    @Test func `of the group may read and not change`() async throws {
        let agent = try await TestAgent(group: 990)
        try agent.openToEveryone()
        let replies = try answers(
            agent,
            group: 990,
            "io.jitgate.Agent.Status",
            "io.jitgate.Agent.Reload"
        )
        #expect(
            replies == [
                VarlinkReply(parameters: Samples.status.jsonValue), VarlinkReply(.permissionDenied),
            ]
        )
        #expect(agent.seenRequests == [.status])
    }

    @Test func `cannot even connect through the socket's own mode`() async throws {
        let agent = try await TestAgent(group: 990)
        _ = try Command.run(["chmod", "711", String(agent.path.dropLast("/control".count))])
        let result = try Command.run([
            "setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups",
            "/usr/bin/python3", "-c", Self.script, agent.path,
        ])
        #expect(result.errors.contains("PermissionError"))
    }

    /// The bytes that it sends; an enum so that a test's name does not carry a mebibyte.
    enum Noise: CaseIterable {
        case nothing, noCall, http, twoClosings, deepNesting, endless, notUTF8

        var bytes: [UInt8] {
            switch self {
            case .nothing: [0]
            case .noCall: Array("{}\0".utf8)
            case .http: Array("GET / HTTP/1.1\r\n\r\n\0".utf8)
            case .twoClosings: Array("{\"method\":\"io.jitgate.Agent.Status\"}}\0".utf8)
            case .deepNesting: Array(repeating: UInt8(ascii: "["), count: 1000) + [0]
            case .endless: Array(repeating: UInt8(ascii: " "), count: MessageFraming.callLimit + 1)
            case .notUTF8: [0xFF, 0xFE, 0]
            }
        }
    }

    @Test(arguments: Noise.allCases)
    func `that does not speak the protocol is hung up on`(noise: Noise) async throws {
        let agent = try await TestAgent()
        let raw = try agent.connectRaw()
        var rest = noise.bytes[...]
        do {
            while !rest.isEmpty { rest = rest.dropFirst(try raw.write(rest)) }
            #expect(try raw.readToEnd().isEmpty)
        } catch let error as Errno {
            #expect(error == .brokenPipe || error == .connectionReset)
        }
        #expect(try agent.connect().status() == Samples.status)
        #expect(agent.seenRequests == [.status])
    }

    @Test(arguments: 0..<20 as Range<UInt64>)
    func `that sends noise harms nobody`(seed: UInt64) async throws {
        var generator = SeededGenerator(seed: seed)
        let agent = try await TestAgent()
        let call = VarlinkCall(method: "io.jitgate.Agent.Status").message
        for _ in 0..<20 {
            var bytes = MessageFraming.frame(call)
            for _ in 0..<3 {
                bytes[Int.random(in: 0..<bytes.count, using: &generator)] = UInt8.random(
                    in: 0...255,
                    using: &generator
                )
            }
            _ = try agent.connectRaw().write(bytes[...])
        }
        #expect(try agent.connect().status() == Samples.status)
    }

    @Test func `that takes no replies is cut off`() async throws {
        let limits = VarlinkServer.Limits(connections: 8, reservedForRoot: 1, backlogBytes: 4096)
        let watcher = Held()
        let agent = try await TestAgent(limits: limits) { request, pending in
            guard request == .watch else {
                let long: JSONValue = ["MESSAGE": .string(String(repeating: "x", count: 1 << 20))]
                for _ in 0..<10 { watcher.send(long) }
                return TestAgent.answerAll(request, pending)
            }
            watcher.hold(pending)
            pending.send(WatchReply(record: nil))
        }
        let deaf = try agent.connectRaw()
        let call = VarlinkCall(method: "io.jitgate.Agent.Watch", wantsMore: true).message
        _ = try deaf.write(MessageFraming.frame(call)[...])
        let other = try agent.connectAndAwait(.watch)
        _ = try other.status()
        #expect(await !agent.server.isOpen(watcher))
    }

    @Test func `that takes no replies is told so once it does`() async throws {
        let limits = VarlinkServer.Limits(connections: 8, reservedForRoot: 1, backlogBytes: 4096)
        let watcher = Held()
        let agent = try await TestAgent(limits: limits) { request, pending in
            guard request == .watch else {
                let long: JSONValue = ["MESSAGE": .string(String(repeating: "x", count: 1 << 20))]
                for _ in 0..<10 { watcher.send(long) }
                return TestAgent.answerAll(request, pending)
            }
            watcher.hold(pending)
            pending.send(WatchReply(record: nil))
        }
        let slow = try agent.connect()
        try slow.send(VarlinkCall(method: "io.jitgate.Agent.Watch", wantsMore: true))
        _ = try agent.connectAndAwait(.watch).status()
        var replies: [VarlinkReply] = []
        while replies.last?.continues ?? true {
            replies.append(try #require(try slow.receive(timeoutMilliseconds: 10_000)))
        }
        #expect(replies.count < 10)
        #expect(replies.last?.error == "io.jitgate.Agent.Failed")
        let reason = replies.last?.parameters["reason"]?.text ?? ""
        #expect(reason.contains("reads its replies too slowly"))
        // It may go on with something else.
        #expect(try slow.status() == Samples.status)
    }

    @Test func `that reads nothing has no more kept for it than all may have together`()
        async throws
    {
        let limits = VarlinkServer.Limits(
            connections: 8,
            reservedForRoot: 1,
            backlogBytes: 1 << 30,
            totalBacklogBytes: 2 << 20
        )
        let long = String(repeating: "x", count: 1 << 20)
        let agent = try await TestAgent(limits: limits) { request, pending in
            guard request == .reload(sessions: []) else {
                return TestAgent.answerAll(request, pending)
            }
            pending.finish(RekeyReply(key: long))
        }
        let call = MessageFraming.frame(VarlinkCall(method: "io.jitgate.Agent.Reload").message)
        let deaf = try (0..<6).map { _ in try agent.connectRaw() }
        for peer in deaf { _ = try peer.write(call[...]) }
        try await agent.waitUntilSeen(6, .reload(sessions: []))
        let open = await agent.server.connectionCount
        #expect(open < 4, "three times what is left of a MiB is more than two")
        #expect(try agent.connect().status() == Samples.status)
    }

    @Test func `that pipelines calls has one answered, then all else goes first`() async throws {
        let count = 500
        let others = Others()
        let agent = try await TestAgent { request, pending in
            others.callCame()
            TestAgent.answerAll(request, pending)
        }
        others.watch(agent.executor)
        let peers = try (0..<8).map { _ in try agent.connect() }
        for peer in peers {
            for _ in 0..<count { try peer.send(VarlinkCall(method: "io.jitgate.Agent.Status")) }
        }
        for peer in peers {
            for _ in 0..<count { _ = try #require(try peer.receive(timeoutMilliseconds: 30_000)) }
        }
        // What was put on the queue during a call ran before the next call.
        #expect(others.longestRun == 1)
    }

    @Test func `cannot keep another's call waiting behind its own`() async throws {
        let count = 300
        let agent = try await TestAgent()
        let busy = try agent.connect()
        for _ in 0..<count { try busy.send(VarlinkCall(method: "io.jitgate.Agent.Status")) }
        let other = try agent.connect()
        #expect(try other.reload().mode == .enforce)
        let place = try #require(agent.seenRequests.firstIndex(of: .reload(sessions: [])))
        #expect(place < count)
        #expect(try busy.receive(timeoutMilliseconds: 10_000) != nil)
    }

    @Test func `of one user cannot take every connection that the group may have`() async throws {
        let limits = VarlinkServer.Limits(
            connections: 8,
            reservedForRoot: 1,
            ofOneUser: 2,
            backlogBytes: 4096
        )
        let agent = try await TestAgent(group: 990, limits: limits)
        try agent.openToEveryone()
        let script = """
            import os, socket, sys
            def ask(user):
                peers = [socket.socket(socket.AF_UNIX) for _ in range(3)]
                for peer in peers:
                    peer.connect(sys.argv[1])
                    peer.settimeout(10)
                answers = 0
                for peer in peers:
                    try:
                        peer.sendall(b'{"method":"io.jitgate.Agent.Status"}\\0')
                        answers += peer.recv(65536).count(0)
                    except (BrokenPipeError, ConnectionResetError):
                        pass
                return peers, answers
            os.setgroups([990]); os.setgid(990)
            os.seteuid(65533); first = ask(65533)
            os.seteuid(0); os.seteuid(65534); second = ask(65534)
            print(first[1], second[1])
            """
        let result = try Command.run(["/usr/bin/python3", "-c", script, agent.path])
        #expect(result.text == "2 2\n", "\(result.errors)")
    }

    @Test func `cannot make the agent read ahead without end`() async throws {
        let agent = try await TestAgent { _, _ in }
        let raw = try UnixConnection.connecting(to: agent.path)
        let call = MessageFraming.frame(VarlinkCall(method: "io.jitgate.Agent.Status").message)
        // The first call is never answered: what follows fills the kernel's buffer and no more.
        let flood = Array(repeating: call, count: 100_000).flatMap(\.self)
        let result = try raw.writeUntilFull(flood)
        #expect(result < flood.count)
        #expect(agent.seenRequests == [.status])
    }

    @Test func `leaves room for root`() async throws {
        let limits = VarlinkServer.Limits(connections: 3, reservedForRoot: 3, backlogBytes: 4096)
        let agent = try await TestAgent(group: 990, limits: limits)
        try agent.openToEveryone()
        #expect(try answers(agent, group: 990, "io.jitgate.Agent.Status").isEmpty)
        #expect(try agent.connect().status() == Samples.status)
    }

    @Test func `beyond the limit is hung up on until another leaves`() async throws {
        let limits = VarlinkServer.Limits(connections: 2, reservedForRoot: 0, backlogBytes: 4096)
        let agent = try await TestAgent(limits: limits)
        var clients = [try agent.connect(), try agent.connect()]
        for client in clients { _ = try client.status() }
        let third = try agent.connect()
        #expect(throws: ClientError.disconnected) { try third.status() }
        clients.removeAll()
        let deadline = ContinuousClock.now + .seconds(10)
        while (try? agent.connect().status()) == nil, ContinuousClock.now < deadline {}
        #expect(try agent.connect().status() == Samples.status)
    }
}

/// Counts the calls that come one after the other with nothing else of the queue in between.
private final class Others: Sendable {
    private let state = Mutex((run: 0, longest: 0, queue: nil as DispatchQueue?))

    var longestRun: Int { state.withLock { $0.longest } }

    func watch(_ executor: EngineExecutor) {
        state.withLock { $0.queue = executor.queue }
    }

    func callCame() {
        let queue = state.withLock { state in
            state.run += 1
            state.longest = max(state.longest, state.run)
            return state.queue
        }
        queue?.async { self.state.withLock { $0.run = 0 } }
    }
}

extension VarlinkServer {
    fileprivate var connectionCount: Int { connections.count }
}

extension TestAgent {
    /// Waits until `count` requests have reached the handler.
    fileprivate func waitUntilSeen(_ count: Int, _ request: CheckedCall) async throws {
        let end = ContinuousClock.now + .seconds(30)
        while seenRequests.count(where: { $0 == request }) < count {
            try #require(ContinuousClock.now < end)
            try await Task.sleep(for: .milliseconds(1))
        }
        // The answer to the last one is on its way when the queue is free.
        _ = await server.connectionCount
    }
}

extension UnixConnection {
    /// Sends until the other side takes nothing more for half a second; answers how much it took.
    func writeUntilFull(_ bytes: [UInt8]) throws -> Int {
        var sent = 0
        var poll = pollfd(fd: fileDescriptor, events: Int16(POLLOUT), revents: 0)
        while sent < bytes.count, unsafe Glibc.poll(&poll, 1, 500) > 0 {
            let count = unsafe bytes[sent...].withUnsafeBytes {
                unsafe send(fileDescriptor, $0.baseAddress, $0.count, Int32(MSG_DONTWAIT))
            }
            guard count > 0 else { break }
            sent += count
        }
        return sent
    }
}
