import AgentInterface
import Conditions
import Grants
import Linux
import Synchronization
import SystemPackage
import TestSupport

/// A control server on a queue of its own, with a handler that a test gives.
final class TestAgent: Sendable {
    let path: String
    let server: VarlinkServer
    let executor = EngineExecutor(label: "test-agent")
    private let directory: TemporaryDirectory
    private let listener: UnixListener
    private let seen: Seen

    private final class Seen: Sendable {
        let requests = Mutex<[ControlRequest]>([])
    }

    static let info = ServiceInfo(vendor: "jitgate", product: "jitgated", version: "1", url: "u")

    /// Answers every request as `answer` does.
    init(
        group: UInt32? = nil,
        limits: VarlinkServer.Limits = .standard,
        answer: @escaping @Sendable (ControlRequest, PendingCall) -> Void = TestAgent.answerAll
    ) async throws {
        directory = try TemporaryDirectory()
        path = directory.path + "/control"
        listener = try UnixListener(path: path, group: group)
        let seen = Seen()
        server = VarlinkServer(
            listener: listener,
            router: CallRouter(info: Self.info, group: group),
            limits: limits,
            on: executor
        ) { request, _, replier in
            seen.requests.withLock { $0.append(request) }
            answer(request, replier)
        }
        self.seen = seen
        try await server.start()
    }

    /// What reached the handler so far.
    var seenRequests: [ControlRequest] { seen.requests.withLock { $0 } }

    func connect() throws -> VarlinkClient {
        try VarlinkClient.connecting(to: path)
    }

    /// A connection without any protocol.
    func connectRaw() throws -> UnixConnection {
        try UnixConnection.connecting(to: path)
    }

    /// Lets users who are not root reach the socket: what they may do is then up to the server.
    func openToEveryone() throws {
        _ = try Command.run(["chmod", "711", directory.path])
        _ = try Command.run(["chmod", "666", path])
    }

    @Sendable static func answerAll(_ request: ControlRequest, _ replier: PendingCall) {
        switch request {
        case .status: replier.finish(Samples.status)
        case .list(let all):
            replier.finish(GrantList(grants: all ? [Samples.open, Samples.ended] : [Samples.open]))
        case .revoke(.all, _): replier.finish(RevokeReply(revoked: [Samples.open.id]))
        case .revoke(.ids(let ids), _): replier.fail(.noSuchGrant(ids))
        case .verdict: replier.finish(SubmissionResult(outcome: .accepted, ids: [Samples.open.id]))
        case .reload: replier.finish(ReloadReply(mode: "enforce", protectedPorts: ["22/tcp"]))
        case .tryPolicy: replier.finish(Samples.trial)
        case .confirm: replier.fail(.noTrial)
        case .acceptClock: replier.fail(.clockNotHeld)
        case .explain: replier.finish(Samples.explanation)
        case .inspect: replier.finish(Samples.inspection)
        case .rekey: replier.finish(RekeyReply(key: "jitgate/web-1/3f0c+0123abcd+AQ=="))
        case .watch: replier.send(WatchReply(record: nil))
        }
    }
}

/// Values of the wire, every optional member once there and once not.
enum Samples {
    static let status = AgentStatus(
        mode: "enforce",
        conditions: [
            AuditConditions.logFull("/var/log/jitgate", because: "no space left")
                .since(Moment(microseconds: 1_800_000_000_000_000)),
            AuditConditions.journalAbsent("/run/systemd/journal/socket"),
        ],
        openGrants: 1,
        waitingGrants: 2,
        nextDeadline: "2026-12-01T12:00:00Z",
        protectedPorts: ["22/tcp", "3389/udp"],
        trusted: ["10.20.0.0/24"],
        version: "1",
        bootID: "0123456789abcdef0123456789abcdef",
        records: 12,
        tableOwnership: "owner",
        trialUntil: "2026-12-01T12:00:00Z",
        heldTime: .init(seconds: 3600, time: "2026-12-01T13:00:00Z", since: 7)
    )

    static let trial = TrialReply(
        mode: "enforce",
        protectedPorts: ["22/tcp"],
        until: "2026-12-01T12:00:00Z"
    )

    static let explanation = Explanation(
        mode: "enforce",
        rule: .grant,
        network: "192.0.2.0/24",
        grants: ["0b8a2f6e-5c1d-4f0e-9a43-2f1f6f0c7d11"],
        until: "2026-12-01T12:00:00Z"
    )

    static let inspection = Inspection(
        tableOwnership: "owner",
        chains: [
            .init(
                family: "inet",
                table: "firewalld",
                name: "filter_INPUT",
                hook: "input",
                priority: 10,
                drops: false,
                type: "filter",
                fates: [
                    .init("22/tcp", .mayPass, droppedIn: "filter_IN_public"),
                    .init("3389/tcp", .passes, rewrittenTo: 3390, rewrittenIn: "DOCKER"),
                ]
            )
        ]
    )

    static let open = GrantEntry(
        id: "0b8a2f6e-5c1d-4f0e-9a43-2f1f6f0c7d11",
        state: .open,
        requestor: "dana",
        signers: ["ops@example.com"],
        justification: "disk",
        sources: ["203.0.113.7/32", "2001:db8::/64"],
        ports: ["22/tcp"],
        opened: "2026-12-01T10:00:00Z",
        deadline: "2026-12-01T12:00:00Z",
        secondsLeft: 7200,
        traffic: GrantEntry.Traffic(packets: 3, bytes: 180, connections: 1),
        file: "/run/jitgate/grants.d/a.grant"
    )

    static let ended = GrantEntry(
        id: "1b8a2f6e-5c1d-4f0e-9a43-2f1f6f0c7d11",
        state: .ended,
        requestor: "eve \u{1B}[31m\u{202E}",
        signers: [],
        justification: nil,
        sources: [],
        ports: [],
        opened: nil,
        deadline: "2026-12-01T12:00:00.5Z",
        secondsLeft: 0,
        traffic: nil,
        file: nil
    )
}
