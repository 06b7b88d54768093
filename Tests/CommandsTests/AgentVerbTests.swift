import Admission
import AgentInterface
import Auditing
import CommandSupport
import Commands
import Conditions
import Grants
import Linux
import StrictJSON
import Synchronization
import TestSupport
import Testing
import Varlink

@Suite struct `With an agent` {
    /// An agent at the bench's socket.
    private func serve(
        _ bench: Bench,
        _ answer: @escaping @Sendable (CheckedCall, AnyPendingCall) -> Void
    ) async throws -> VarlinkServer {
        let server = VarlinkServer(
            listener: try UnixListener(path: bench.path("control"), group: nil),
            router: CallRouter(
                info: ServiceInfo(vendor: "", product: "", version: "", url: ""),
                interface: AgentInterface.interface,
                group: nil
            ),
            on: EngineExecutor(label: "bench-agent")
        ) { request, _, pending in answer(request, pending) }
        try await server.start()
        return server
    }

    private static let id: GrantID = "0b8a2f6e-5c1d-4f0e-9a43-2f1f6f0c7d11"

    private static let status = AgentStatus(
        mode: .enforce,
        conditions: [
            FileConditions.dropDirectoryMissing("/drop"), PolicyConditions.noWayBack("/p"),
            GateConditions.tableNotOwned("watched"),
        ],
        openGrants: 2,
        waitingGrants: 1,
        nextDeadline: "2026-12-01T12:34:56.5Z",
        protectedPorts: ["22/tcp", "3389/tcp"],
        trusted: [],
        version: "0.1.0",
        bootID: "",
        records: 42,
        tableOwnership: "owner"
    )

    private static let grants = [
        GrantEntry(
            id: "0b8a2f6e-5c1d-4f0e-9a43-2f1f6f0c7d11",
            state: .open,
            requestor: "dana",
            signers: ["ops@example.com"],
            justification: "disk\nfull",
            sources: ["203.0.113.7/32"],
            ports: ["22/tcp"],
            opened: "2026-12-01T11:00:00Z",
            deadline: "2026-12-01T13:00:00Z",
            secondsLeft: 3600,
            traffic: .init(packets: 9, bytes: 12_345, connections: 2),
            file: "/f"
        ),
        GrantEntry(
            id: "1b8a2f6e-5c1d-4f0e-9a43-2f1f6f0c7d11",
            state: .waiting,
            requestor: "eve",
            signers: [],
            justification: nil,
            sources: ["2001:db8::/64"],
            ports: ["22/tcp", "3389/tcp"],
            opened: nil,
            deadline: "2026-12-02T13:00:00Z",
            secondsLeft: 90_061,
            traffic: nil,
            file: nil
        ),
    ]

    @Test func `status is a short table`() async throws {
        let bench = try Bench()
        let server = try await serve(bench) { $1.finish(Self.status) }
        defer { withExtendedLifetime(server) {} }
        #expect(
            bench.run("status").output == """
                mode       enforce
                health     1 to look at
                  - /drop does not exist, so no grant can be dropped there
                    mend: install -d -m 700 /drop
                  - the policy enforces and trusts no network: if nobody can sign a grant, only \
                the console of the machine leads in
                    mend: name a network of your own in `trusted`, or make sure of the console \
                (OPERATING.md, Break-glass)
                open       2, the first until 2026-12-01T12:34:56Z (34m 56s)
                waiting    1
                protected  22/tcp, 3389/tcp
                trusted    none
                records    42
                agent      0.1.0, table owner: what others change is undone within milliseconds

                """
        )
        let json = try JSONNode.parse(Array(bench.run("status", "--json").output.utf8)).value
        #expect(json == Self.status.jsonValue)
    }

    @Test func `status says that time is held, and how far and since when`() async throws {
        let bench = try Bench()
        var status = Self.status
        status.heldTime = .init(seconds: 7200, time: "2026-12-01T14:00:00Z", since: 40)
        let held = status
        let server = try await serve(bench) { $1.finish(held) }
        defer { withExtendedLifetime(server) {} }
        #expect(
            bench.run("status").output.contains(
                "clock      time is held 2 hours ahead of the wall clock since record 40, at 2026-"
            )
        )
    }

    @Test func `clock accept names what ended, and says where there is nothing to accept`()
        async throws
    {
        let bench = try Bench()
        let isHeld = Mutex(true)
        let server = try await serve(bench) { _, pending in
            guard isHeld.withLock(\.self) else { return pending.fail(.clockNotHeld) }
            pending.finish(AcceptClockReply(time: "2026-12-01T12:00:00.5Z", ended: [Self.id]))
        }
        defer { withExtendedLifetime(server) {} }
        let accepted = bench.run("clock", "accept").output
        #expect(accepted == "ended \(Self.id)\nit is 2026-12-01T12:00:00Z for the agent, too\n")
        isHeld.withLock { $0 = false }
        let outcome = bench.run("clock", "accept")
        #expect(outcome.status == .no && outcome.errors.contains("nothing to accept"))
    }

    @Test func `list is an aligned table, or one document`() async throws {
        let bench = try Bench()
        let server = try await serve(bench) { $1.finish(GrantList(grants: Self.grants)) }
        defer { withExtendedLifetime(server) {} }
        let lines = bench.run("list").output.split(separator: "\n").map(String.init)
        #expect(lines.count == 3)
        #expect(lines[0].hasPrefix("ID                                    STATE    LEFT   WHO "))
        #expect(lines[1].contains("open     1h     dana  203.0.113.7/32  22/tcp"))
        #expect(lines[1].hasSuffix("2 conn, 12 kB  ops@example.com  disk\\u{a}full"))
        #expect(lines[2].contains("waiting  1d 1h  eve   2001:db8::/64   22/tcp,3389/tcp  - "))
        let json = try JSONNode.parse(Array(bench.run("list", "--all", "--json").output.utf8)).value
        #expect(json == GrantList(grants: Self.grants).jsonValue)
    }

    @Test func `revoke names what is not there`() async throws {
        let bench = try Bench()
        let server = try await serve(bench) { request, pending in
            let wanted = request.parameters(of: AgentInterface.revoke)
            guard let ids = wanted?.selection.ids, !ids.isEmpty, wanted?.reason == "over" else {
                return pending.finish(RevokeReply(revoked: Self.grants.map(\.id)))
            }
            pending.fail(.noSuchGrant(ids.map(\.description)))
        }
        defer { withExtendedLifetime(server) {} }
        let id = "\(Self.id)"
        let outcome = bench.run("revoke", id.uppercased(), "--reason", "over")
        #expect(outcome.status == .no)
        #expect(outcome.errors == "jitgate: no waiting or open grant is called \(id)\n")
        let all = Self.grants.map { "revoked \($0.id)\n" }
        #expect(bench.run("revoke", "--all").output == all.joined())
    }

    @Test func `reload gives the reasons of a refusal`() async throws {
        let bench = try Bench()
        let server = try await serve(bench) { $1.fail(.reloadRefused(["f:1:1: a", "f:2:1: b"])) }
        defer { withExtendedLifetime(server) {} }
        let outcome = bench.run("reload")
        #expect(outcome.status == .no)
        #expect(outcome.errors.hasSuffix("jitgate: f:1:1: a\njitgate: f:2:1: b\n"))
    }

    @Test func `submit drops the file whole and says what the agent says`() async throws {
        let bench = try Bench()
        try bench.signedGrant()
        let asked = Asked()
        let server = try await serve(bench) { request, pending in
            asked.take(request)
            pending.send(SubmissionResult.pending)
            pending.finish(
                SubmissionResult(
                    outcome: .accepted,
                    ids: [Self.id],
                    deadline: "2026-12-01T14:00:00Z"
                )
            )
        }
        defer { withExtendedLifetime(server) {} }
        let outcome = bench.run("submit", "@g.grant")
        #expect(outcome.output == "\(Self.id): open until 2026-12-01T14:00:00Z\n")
        #expect(outcome.status == .done)
        #expect(try bench.names(in: "drop") == ["g.grant"])
        #expect(try bench.read("drop/g.grant") == bench.read("g.grant"))
        let digest = try Command.run(["sha256sum", bench.path("g.grant")]).text.prefix(64)
        #expect(
            asked.requests == [
                CheckedCall(
                    AgentInterface.verdict,
                    VerdictParameters(file: bench.path("drop/g.grant"), sha256: String(digest))
                )
            ]
        )
    }

    @Test func `submit takes a refused file out again`() async throws {
        let bench = try Bench()
        try bench.signedGrant()
        let server = try await serve(bench) { _, pending in
            pending.finish(
                SubmissionResult(outcome: .refused, code: "stranger", reason: "who is that")
            )
        }
        defer { withExtendedLifetime(server) {} }
        let outcome = bench.run("submit", "@g.grant")
        #expect(outcome.status == .no)
        #expect(outcome.errors == "jitgate: \(bench.path("g.grant")): refused: who is that\n")
        #expect(try bench.names(in: "drop").isEmpty)
        let json = bench.run("submit", "@g.grant", "--json")
        #expect(json.status == .no)
        #expect(try JSONNode.parse(Array(json.output.utf8)).value["code"] == "stranger")
    }

    @Test func `submit says where the file stays that it got no answer about`() async throws {
        let bench = try Bench()
        try bench.signedGrant()
        // No answer of this version's.
        let server = try await serve(bench) { $1.finish(Self.status) }
        defer { withExtendedLifetime(server) {} }
        let outcome = bench.run("submit", "@g.grant")
        #expect(outcome.status == .unavailable)
        #expect(outcome.errors.contains("the file stays at \(bench.path("drop/g.grant")), "))
        #expect(try bench.names(in: "drop") == ["g.grant"])
    }

    @Test func `submit never takes another file's place`() async throws {
        let bench = try Bench()
        try bench.signedGrant()
        try bench.write("other", to: "drop/g.grant")
        let server = try await serve(bench) { _, pending in pending.finish(SubmissionResult.pending)
        }
        defer { withExtendedLifetime(server) {} }
        let outcome = bench.run("submit", "@g.grant")
        #expect(outcome.status == .cannotCreate)
        #expect(try bench.read("drop/g.grant") == Array("other".utf8))
    }

    @Test func `submit waits no longer than it is told`() async throws {
        let bench = try Bench()
        try bench.signedGrant()
        let server = try await serve(bench) { $1.send(SubmissionResult.pending) }
        defer { withExtendedLifetime(server) {} }
        let outcome = bench.run(
            "submit",
            "-",
            "--wait",
            "0",
            input: try bench.read("g.grant")
        )
        #expect(outcome.status == .temporary)
        #expect(try bench.names(in: "drop").count == 1)
    }

    @Test func `following shows each record once, old and new`() async throws {
        let bench = try Bench()
        let started = AuditEntry(.agentStarted, "The agent runs")
        let opened = AuditEntry(.grantOpened, "Opened")
        try bench.writeLog([started, started])
        let server = try await serve(bench) { _, pending in
            pending.send(WatchReply(record: nil))
            pending.send(WatchReply(record: bench.record(1, started).json))
            pending.send(WatchReply(record: bench.record(2, opened).json))
            pending.fail(.failed("the test is over"))
        }
        defer { withExtendedLifetime(server) {} }
        let outcome = bench.run("audit", "show", "-f")
        #expect(outcome.errors == "jitgate: the test is over\n")
        #expect(
            outcome.output == """
                2026-12-01T12:00:00Z  agent-started    The agent runs
                2026-12-01T12:00:01Z  agent-started    The agent runs
                2026-12-01T12:00:02Z  grant-opened     Opened

                """
        )
        #expect(bench.run("watch").output.split(separator: "\n").count == 2)
    }
}

/// The calls that an agent received.
private final class Asked: Sendable {
    private let list = Mutex<[CheckedCall]>([])

    func take(_ request: CheckedCall) {
        list.withLock { $0.append(request) }
    }

    var requests: [CheckedCall] { list.withLock { $0 } }
}
