import Admission
import AgentInterface
import Conditions
import Grants
import Linux
import StrictJSON
import Synchronization
import SystemPackage
import TestSupport
import Varlink

/// A control server on a queue of its own, with a handler that a test gives.
final class TestAgent: Sendable {
    let path: String
    let server: VarlinkServer
    let executor = EngineExecutor(label: "test-agent")
    private let directory: TemporaryDirectory
    private let listener: UnixListener
    private let seen: Seen

    private final class Seen: Sendable {
        let requests = Mutex<[CheckedCall]>([])
    }

    static let info = ServiceInfo(vendor: "jitgate", product: "jitgated", version: "1", url: "u")
    static let root = PeerCredentials(processID: 7, userID: 0, groupID: 0, groups: [])

    static let router = router(group: nil)

    static func router(group: UInt32?) -> CallRouter {
        CallRouter(info: info, interface: AgentInterface.interface, group: group)
    }

    /// Answers every request as `answer` does.
    init(
        group: UInt32? = nil,
        limits: VarlinkServer.Limits = .standard,
        answer: @escaping @Sendable (CheckedCall, AnyPendingCall) -> Void = TestAgent.answerAll
    ) async throws {
        directory = try TemporaryDirectory()
        path = directory.path + "/control"
        listener = try UnixListener(path: path, group: group)
        let seen = Seen()
        server = VarlinkServer(
            listener: listener,
            router: Self.router(group: group),
            limits: limits,
            on: executor
        ) { request, _, pending in
            seen.requests.withLock { $0.append(request) }
            answer(request, pending)
        }
        self.seen = seen
        try await server.start()
    }

    /// The calls that reached the handler so far.
    var seenRequests: [CheckedCall] { seen.requests.withLock { $0 } }

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

    @Sendable static func answerAll(_ call: CheckedCall, _ pending: AnyPendingCall) {
        if let wanted = call.parameters(of: AgentInterface.list) {
            let grants = wanted.all ? [Samples.open, Samples.ended] : [Samples.open]
            return pending.finish(GrantList(grants: grants))
        }
        if let wanted = call.parameters(of: AgentInterface.revoke) {
            let ids = wanted.selection.ids
            guard !ids.isEmpty else {
                return pending.finish(RevokeReply(revoked: [Samples.open.id]))
            }
            return pending.fail(.noSuchGrant(ids.map(\.description)))
        }
        switch call.method {
        case "Bars", "Unbar": pending.finish(BarList(bars: []))
        case "Status": pending.finish(Samples.status)
        case "Verdict":
            pending.finish(SubmissionResult(outcome: .accepted, ids: [Samples.open.id]))
        case "Reload": pending.finish(ReloadReply(mode: .enforce, protectedPorts: [Samples.ssh]))
        case "Try": pending.finish(Samples.trial)
        case "Confirm": pending.fail(.noTrial)
        case "AcceptClock": pending.fail(.clockNotHeld)
        case "Explain": pending.finish(Samples.explanation)
        case "Inspect": pending.finish(Samples.inspection)
        case "Rekey": pending.finish(RekeyReply(key: "jitgate/web-1/3f0c+0123abcd+AQ=="))
        case "Watch": pending.send(WatchReply(record: nil))
        default: pending.fail(.methodNotImplemented(call.method))
        }
    }
}

/// Calls by name, as tests compare them.
extension CheckedCall {
    static let status = CheckedCall(AgentInterface.status, NoParameters())
    static let watch = CheckedCall(AgentInterface.watch, NoParameters())

    static func list(all: Bool) -> Self {
        CheckedCall(AgentInterface.list, ListParameters(all: all))
    }

    static func revoke(_ target: RevocationSelection, reason: String) -> Self {
        CheckedCall(AgentInterface.revoke, RevokeParameters(target, reason: reason))
    }

    static func verdict(file: String, sha256: String) -> Self {
        CheckedCall(AgentInterface.verdict, VerdictParameters(file: file, sha256: sha256))
    }

    static func reload(sessions: [SSHConnection]) -> Self {
        CheckedCall(AgentInterface.reload, ReloadParameters(sessions: sessions))
    }

    static func tryPolicy(seconds: Int64, sessions: [SSHConnection]) -> Self {
        CheckedCall(AgentInterface.tryPolicy, TryParameters(seconds: seconds, sessions: sessions))
    }

    static func explain(source: Prefix, port: Port) -> Self {
        CheckedCall(AgentInterface.explain, ExplainParameters(source: source, port: port))
    }
}

/// Methods by name, as tests call them.
extension VarlinkClient {
    func status() throws -> AgentStatus { try call(AgentInterface.status) }

    func list(all: Bool) throws -> [GrantEntry] {
        try call(AgentInterface.list, ListParameters(all: all)).grants
    }

    func revoke(_ target: RevocationSelection, reason: String) throws -> [GrantID] {
        try call(AgentInterface.revoke, RevokeParameters(target, reason: reason)).revoked
    }

    func reload() throws -> ReloadReply { try call(AgentInterface.reload, ReloadParameters()) }

    func watch(_ body: (JSONValue?) -> Bool) throws {
        try stream(AgentInterface.watch) { body($0.record) }
    }
}

/// Values of the wire, every optional member once there and once not.
enum Samples {
    static let ssh: Port = "22/tcp"

    static let status = AgentStatus(
        mode: .enforce,
        conditions: [
            AuditConditions.logFull("/var/log/jitgate", because: "no space left")
                .since(Moment(microseconds: 1_800_000_000_000_000)),
            AuditConditions.journalAbsent("/run/systemd/journal/socket"),
        ],
        openGrants: 1,
        waitingGrants: 2,
        nextDeadline: "2026-12-01T12:00:00Z",
        protectedPorts: [ssh, "3389/udp"],
        trusted: ["10.20.0.0/24"],
        version: "1",
        bootID: "0123456789abcdef0123456789abcdef",
        records: 12,
        tableOwnership: "owner",
        trialUntil: "2026-12-01T12:00:00Z",
        heldTime: .init(seconds: 3600, time: "2026-12-01T13:00:00Z", since: 7)
    )

    static let trial = TrialReply(
        mode: .enforce,
        protectedPorts: [ssh],
        until: "2026-12-01T12:00:00Z"
    )

    static let explanation = Explanation(
        mode: .enforce,
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
        ports: [ssh],
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

extension RevocationSelection {
    /// Every grant.
    static let everything: Self = {
        var selection = Self()
        selection.all = true
        return selection
    }()
}
