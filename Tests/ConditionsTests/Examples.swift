import Conditions
import Grants

/// One condition of each code, and of each wording.
enum Examples {
    static let all: [Condition] =
        agent + depot + audit + policy + files + gate + firewalls + detours

    private static let agent = [
        AgentConditions.agentUnreachable("/run/c", because: "no socket", isPermitted: true),
        AgentConditions.agentUnreachable("/run/c", because: "not allowed", isPermitted: false),
        AgentConditions.notPermitted("/etc/jitgate/allowed_signers"),
        AgentConditions.packetLogTaken(22, because: "another program has it"),
        AgentConditions.sessionsNotReset(because: ["a", "b"]),
        AgentConditions.modeDiffers("/p", running: "observe"),
        AgentConditions.clockHeld(seconds: 7200, sinceRecord: 40),
        AgentConditions.clockHeld(seconds: 59, sinceRecord: nil),
        AgentConditions.clockUnsynchronized(), AgentConditions.clockUnseen(because: "no"),
    ]

    private static let depot = [
        DepotConditions.depotSilent(
            "/i",
            "https://d",
            since: Moment(microseconds: 1_772_352_000_000_000),
            because: "no route"
        ),
        DepotConditions.depotIncomplete(
            "/i",
            "https://d",
            since: Moment(microseconds: 1_772_352_000_000_000),
            because: "shelves/all/index: line 1 of the index does not end"
        ),
        DepotConditions.certificateExpires("/i", Moment(microseconds: 1_772_352_000_000_000)),
    ]

    private static let audit = [
        AuditConditions.logFull("/var/log/jitgate", because: "no space left"),
        AuditConditions.logUpkeepFailed("/l", because: "checkpoint: read-only"),
        AuditConditions.hostCloned(from: "0123"), AuditConditions.auditKeyExposed("/s/audit.key"),
        AuditConditions.diskNearlyFull("/l", free: 1000),
        FileConditions.barsFull(1000), AuditConditions.keepFreeReached("/l", free: 1_500_000),
        AuditConditions.diskLow("/l", free: 100_000_000),
        AuditConditions.diskFilling("/l", free: 1_000_000_000, forecast: "full in 3 days"),
        AuditConditions.journalRefuses(2, log: "/l/audit.jsonl", because: "no buffer"),
        AuditConditions.journalAbsent("/run/systemd/journal/socket"),
    ]

    private static let policy = [
        PolicyConditions.policyUnreadable("/p", .notPermitted, because: "no"),
        PolicyConditions.policyUnreadable("/p", .missing, because: "no"),
        PolicyConditions.policyUnreadable("/p", .wrong, because: "no"),
        PolicyConditions.policyNotInForce("/p", because: "/p:1:1: no"),
        PolicyConditions.policyNotConfirmed("/p"),
        PolicyConditions.policyOnTrial("/p", until: Moment(microseconds: 1_800_000_000_000_000)),
        PolicyConditions.observing("/p"), PolicyConditions.noWayBack("/p"),
        PolicyConditions.signersNotInForce("/a", because: "line 1: no"),
        PolicyConditions.signersMissing("/a", because: "no", needRequests: false),
        PolicyConditions.signersMalformed("/a", because: "line 1: no"),
        PolicyConditions.signersEmpty("/a", needRequests: true),
        PolicyConditions.requestorsCannotSign("/a"),
        PolicyConditions.approverUnbounded("ci-robot"),
        PolicyConditions.approverUnbounded("ci-robot", kinds: ["key", "sk"]),
        PolicyConditions.approverNameless(2), PolicyConditions.approverOverridden(2, by: 1),
        PolicyConditions.reviewersCannotSign("/a"),
        PolicyConditions.revokedKeysNotInForce("/k", because: "line 1: no"),
        PolicyConditions.revokedKeysMissing("/k", because: "no"),
        PolicyConditions.revokedKeysMalformed("/k", because: "line 1: no"),
    ]

    private static let files =
        [.policy, .signers, .revokedKeys, .dropDirectory, .log, .state].map { place in
            FileConditions.untrusted(place, "/x", because: "/x: no", mend: "chmod go-w /x")
        } + [
            FileConditions.logDirectoryMissing("/l", because: "/l: does not exist"),
            FileConditions.stateDirectoryMissing("/s", because: "/s: does not exist"),
            GrantConditions.breakGlass([(GrantID(value: 1), "dana", Moment(microseconds: 0))])[0],
            FileConditions.dropDirectoryMissing("/d"), FileConditions.dropUnreadable("/d"),
            FileConditions.inboxUnreadable("/i", because: "no", mend: nil),
            FileConditions.filesPolled(because: "no watch is left", mend: "sysctl -w x=1"),
            FileConditions.fileUntrusted("/d/g.grant", because: "no", mend: "chmod go-w"),
            FileConditions.fileRefused("/d/g.grant", because: "no", mend: nil),
            FileConditions.othersRefused(3, isDistrust: true, areMore: false),
            FileConditions.othersRefused(3, isDistrust: false, areMore: true),
            DepotConditions.bulletinStale("prod", issued: nil, limit: .seconds(1800)),
            DepotConditions.bulletinStale(
                "prod",
                issued: Moment(microseconds: 0),
                limit: .seconds(1800)
            ),
            DepotConditions.revokedKeysFull(10_000),
        ]

    private static let gate: [Condition] = {
        guard let port = Port(number: 22, transport: .tcp) else { return [] }
        return [
            GateConditions.changeRefused(because: "no"),
            GateConditions.tableUnwatched(because: "no"), GateConditions.tableNotOwned("watched"),
            GateConditions.tableNotOwned(byLinux: "6.1"), GateConditions.tableUnseen(),
            GateConditions.portUncovered(port, "SSH listens on 22/tcp", "/p"),
            GateConditions.listenersUncovered([(port, "sshd")]), GateConditions.portsSilent([port]),
            GateConditions.listenersUnseen(because: "no"),
        ]
    }()

    private static let chain = FirewallConditions.ForeignChain(
        tool: "ufw",
        place: "table ip filter, chain INPUT"
    )

    private static let firewalls = [
        FirewallConditions.firewallDrops(chain, "22/tcp", mend: "ufw allow 22/tcp"),
        FirewallConditions.firewallDropsMost(chain, "22/tcp", mend: "ufw allow 22/tcp"),
        FirewallConditions.firewallDropsSome(chain, "22/tcp", mend: "nft list"),
        FirewallConditions.firewallDropsRest(chain, "22/tcp", mend: "nft list"),
        FirewallConditions.firewallRewrites(chain, "22/tcp to port 2222"),
        FirewallConditions.firewallUnread(chain, mend: "nft list"),
        FirewallConditions.firewallUnseen(),
        FirewallConditions.legacyTable("mangle", of: "iptables-legacy"),
        FirewallConditions.savedRuleset("/etc/n.nft", line: 2, loadedBy: "/etc/nftables.conf"),
    ]

    private static let detours = [
        DetourConditions.detoursUnseen(), DetourConditions.detourRule(["ip rule 1000"]),
        DetourConditions.detourRoute(["192.0.2.1 by routing table 100"]),
        DetourConditions.detourTransparent(["22/tcp"]),
        DetourConditions.detourFlowtable((1...7).map { "table inet f, flowtable \($0)" }),
        DetourConditions.detourTproxy("table ip tp, chain pre", to: "22/tcp"),
        DetourConditions.detourTproxyUnknown("table ip tp, chain pre"),
        DetourConditions.detourSocketLookup(1),
        DetourConditions.detourIPVS("192.0.2.1:80", to: 22),
        DetourConditions.virtualServers(["192.0.2.1:80"]),
    ]
}
