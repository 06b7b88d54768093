import Admission
import AgentInterface
import CommandSupport
import Commands
import Conditions
import Grants
import Linux
import StrictJSON
import TestSupport
import Testing
import Varlink

@Suite struct `jitgate doctor` {
    private func conditions(_ bench: Bench) throws -> [Condition] {
        let outcome = bench.run("doctor", "--json")
        let json = try JSONNode.parse(Array(outcome.output.utf8)).value
        let found = try (json["conditions"]?.items ?? []).map { try #require(Condition($0)) }
        #expect(json["healthy"] == .bool(found.areHealthy))
        #expect(outcome.status == (found.areHealthy ? .done : .no))
        return found
    }

    /// A bench where doctor may trust what is above its files.
    private func bench() throws -> Bench {
        let bench = try Bench(in: "/run")
        _ = try Command.run(["mkdir", "-m", "700", bench.path("state")])
        let policy = String(decoding: try bench.read("jitgate.toml"), as: UTF8.self)
        let state = "[state]\ndirectory = \"\(bench.path("state"))\"\n"
        try bench.write(policy + state, to: "jitgate.toml")
        return bench
    }

    private func serve(
        _ bench: Bench,
        _ inspection: Inspection,
        stating conditions: [Condition] = []
    ) async throws -> VarlinkServer {
        let status = AgentStatus(
            mode: .enforce,
            conditions: conditions,
            openGrants: 0,
            waitingGrants: 0,
            nextDeadline: nil,
            protectedPorts: ["22/tcp"],
            trusted: [],
            version: "0.1.0",
            bootID: "",
            records: 1,
            tableOwnership: inspection.tableOwnership
        )
        let info = ServiceInfo(vendor: "", product: "", version: "", url: "")
        let server = VarlinkServer(
            listener: try UnixListener(path: bench.path("control"), group: nil),
            router: CallRouter(info: info, interface: AgentInterface.interface, group: nil),
            on: EngineExecutor(label: "bench-agent")
        ) { call, _, pending in
            call.method == "Inspect" ? pending.finish(inspection) : pending.finish(status)
        }
        try await server.start()
        return server
    }

    private func chain(
        _ table: String,
        _ name: String,
        hook: String = "input",
        priority: Int = 0,
        drops: Bool = false,
        fates: [Inspection.Fate]? = nil
    ) -> Inspection.Chain {
        let words = table.split(separator: " ").map(String.init)
        return Inspection.Chain(
            family: words[0],
            table: words[1],
            name: name,
            hook: hook,
            priority: priority,
            drops: drops,
            type: hook == "prerouting" ? "nat" : "filter",
            fates: fates
        )
    }

    @Test func `works without an agent and says what it does not see`() throws {
        let found = try conditions(bench())
        let agent = try #require(found.first { $0.area == "agent" })
        #expect(agent.severity == .error)
        #expect(agent.message.hasSuffix("control: the agent's socket does not exist"))
        #expect(agent.remedy?.hasPrefix("systemctl start jitgated") == true)
        #expect(
            found.contains { $0.area == "firewall" && $0.message.hasPrefix("without an agent") }
        )
        #expect(try bench().run("doctor").output.contains(" disk "))
        #expect(found.contains { $0.area == "clock" })
        #expect(found.filter { $0.severity == .error }.count == 1)
    }

    @Test func `finds a healthy host healthy`() async throws {
        let bench = try bench()
        let server = try await serve(bench, Inspection(tableOwnership: "owned", chains: []))
        defer { withExtendedLifetime(server) {} }
        let outcome = bench.run("doctor")
        #expect(outcome.status == .done)
        #expect(outcome.output.hasPrefix("ok       policy "))
        #expect(outcome.output.contains("ok       agent     0.1.0 runs in enforce mode, 0 open\n"))
        #expect(outcome.output.contains("ok       files     nobody but root can write"))
        #expect(outcome.output.contains("ok       firewall  no other tool"))
        #expect(!outcome.output.contains("error"))
    }

    @Test(arguments: [
        ("chmod 666 @allowed_signers", "signers", "chmod go-w "),
        ("chmod 666 @jitgate.toml", "policy", "chmod go-w "),
        ("chmod 777 @drop", "grants", "chmod go-w "),
        ("chown 1000 @audit", "audit", "chown root: "),
        ("chmod 770 @state", "state", "chmod go-w "),
        ("rmdir @state", "state", "install -d -m 750 "),
        ("rmdir @drop", "grants", "install -d -m 700 "),
        ("touch @state/audit.key", "state", "chmod 600 "),
        ("rm @allowed_signers", "signers", "echo \"ops@example.com"),
        ("ln -sf /dev/null @allowed_signers", "signers", ""),
        ("cp /etc/hostname @allowed_signers", "signers", "mend that line"),
    ])
    func `finds what others could write`(command: String, area: String, remedy: String) throws {
        let bench = try bench()
        let words = command.split(separator: " ").map { word in
            word.hasPrefix("@") ? bench.path(String(word.dropFirst())) : String(word)
        }
        #expect(try Command.run(words).status == 0)
        let found = try conditions(bench).filter { $0.severity == .error && $0.area != "agent" }
        #expect(found.map(\.area) == [area])
        #expect(found.first?.remedy?.hasPrefix(remedy) ?? remedy.isEmpty)
    }

    @Test(arguments: [
        (512, Severity.error, "when it is full nothing opens"), (65_536, Severity.warning, "only "),
    ])
    func `sees that the log's disk is nearly full`(
        kibibytes: Int,
        severity: Severity,
        text: String
    ) throws {
        let bench = try bench()
        let disk = try SmallDisk(at: bench.path("audit"), kibibytes: kibibytes)
        let found = try #require(try conditions(bench).first { $0.area == "disk" })
        #expect(found.severity == severity)
        #expect(found.message.contains(text))
        #expect(found.remedy == "make room: df -h \(bench.path("audit"))")
        withExtendedLifetime(disk) {}
    }

    @Test func `warns where nobody can sign`() throws {
        let bench = try bench()
        try bench.write("# nobody\n", to: "allowed_signers")
        let signers = try #require(try conditions(bench).first { $0.area == "signers" })
        #expect(signers.severity == .warning)
        // What it says mends it, and lets the key sign nothing else.
        try bench.write("\(bench.approver.publicLine) dana\n", to: "id_ed25519.pub")
        let line = "cd \(bench.directory.path) && \(signers.remedy ?? "false")"
        #expect(try Command.run(["bash", "-c", line]).status == 0)
        let written = String(decoding: try bench.read("allowed_signers"), as: UTF8.self)
        let options = "namespaces=\"jitgate-grant,jitgate-revocation\" ssh-ed25519 "
        #expect(written.contains("\nops@example.com \(options)"))
        #expect(try !conditions(bench).contains { $0.area == "signers" })
    }

    @Test func `warns of signers whom no approver limits, and of approvers who are nobody`() throws
    {
        let bench = try Bench()
        #expect(try !conditions(bench).contains { $0.code.hasPrefix("approver-") })
        try bench.editPolicy {
            $0 + "[[approver]]\nsigners = [\"OPS@*\"]\n[[approver]]\nsigners = [\"nobody\"]\n"
        }
        let found = try conditions(bench).filter { $0.code.hasPrefix("approver-") }
        #expect(found.map(\.code) == ["approver-unbounded", "approver-nameless"])
        #expect(found.map(\.severity) == [.warning, .warning])
        #expect(found[0].message.hasPrefix("no [[approver]] names the signer lead@example.com: "))
        #expect(found[1].message.hasPrefix("[[approver]] 2 of the policy names no signer "))
    }

    @Test func `warns where a requestor has to sign and nobody may`() throws {
        let bench = try bench()
        let policy = String(decoding: try bench.read("jitgate.toml"), as: UTF8.self)
        try bench.write(policy + "[defaults]\nseparate_requestor = true\n", to: "jitgate.toml")
        let signers = try #require(try conditions(bench).first { $0.area == "signers" })
        #expect(signers.severity == .warning)
        #expect(signers.message.contains("separate_requestor"))
        try bench.write("\(bench.approver.publicLine) dana\n", to: "id_ed25519.pub")
        let line = "cd \(bench.directory.path) && \(signers.remedy ?? "false")"
        #expect(try Command.run(["bash", "-c", line]).status == 0)
        let written = String(decoding: try bench.read("allowed_signers"), as: UTF8.self)
        #expect(written.contains("\"jitgate-grant,jitgate-revocation,jitgate-request\""))
        #expect(try !conditions(bench).contains { $0.area == "signers" })
    }

    @Test func `finds the agent where the policy is broken and compares no mode`() async throws {
        let bench = try bench()
        let server = try await serve(bench, Inspection(tableOwnership: "owned", chains: []))
        defer { withExtendedLifetime(server) {} }
        let policy = String(decoding: try bench.read("jitgate.toml"), as: UTF8.self)
        try bench.write("nonsense = 1\n" + policy, to: "jitgate.toml")
        let found = try conditions(bench)
        let broken = try #require(found.first)
        #expect(broken.severity == .error)
        #expect(broken.message.contains("jitgate.toml:1:1: `nonsense`"))
        #expect(broken.remedy?.hasPrefix("jitgate policy check /") == true)
        #expect(!found.contains { $0.area == "agent" })
        #expect(bench.run("doctor").output.contains("\nok       agent "))
    }

    @Test func `shows what the agent states among its own, and tells nothing twice`() async throws {
        let bench = try bench()
        let path = bench.path("jitgate.toml")
        let moment = Moment(microseconds: 1_800_000_000_000_000)
        let stated = [
            AuditConditions.logFull("/l", because: "no space left").since(moment),
            PolicyConditions.noWayBack(path).since(moment),
        ]
        let inspection = Inspection(tableOwnership: "owned", chains: [])
        let server = try await serve(bench, inspection, stating: stated)
        defer { withExtendedLifetime(server) {} }
        let found = try conditions(bench)
        #expect(found.filter { $0.since == moment } == [stated[1], stated[0]])
        #expect(found.count { $0.code == "no-way-back" } == 1)
        let text = bench.run("doctor").output
        #expect(text.contains("\nerror    audit     the audit log takes no records"))
        #expect(text.contains("\n         mend: make room or remount: df -h /l; "))
    }

    @Test func `names the firewalls that stand in the way`() async throws {
        let bench = try bench()
        let chains = [
            chain("ip filter", "INPUT", drops: true),
            chain("ip filter", "INPUT", fates: [.init("22/tcp", .drops, droppedIn: "ufw-x")]),
            chain(
                "inet firewalld",
                "filter_INPUT",
                fates: [
                    .init("22/tcp", .mayPass, droppedIn: "a"), .init("3389/tcp", .passes),
                    .init("3389/udp", .mayPass, droppedIn: "a"),
                ]
            ),
            chain("inet f2b-table", "f2b-chain", fates: [.init("22/tcp", .mayDrop)]),
            chain(
                "ip nat",
                "PREROUTING",
                hook: "prerouting",
                priority: -100,
                fates: [.init("22/tcp", .passes, rewrittenTo: 2222, rewrittenIn: "DOCKER")]
            ),
            chain(
                "inet mine",
                "early",
                hook: "prerouting",
                priority: -160,
                fates: [.init("22/tcp", .passes, rewrittenTo: 2222, rewrittenIn: "early")]
            ),
            chain("inet mine", "harmless", fates: [.init("22/tcp", .passes)]),
            chain("inet mine", "unread", hook: "prerouting", priority: -160),
            chain("ip filter", "FORWARD", hook: "forward", drops: true),
        ]
        let server = try await serve(bench, Inspection(tableOwnership: "watched", chains: chains))
        defer { withExtendedLifetime(server) {} }
        let found = try conditions(bench)
        let firewall = found.filter { $0.area == "firewall" }
        #expect(
            firewall.map { "\($0.severity): \($0.message)" } == [
                "warning: iptables (table ip filter, chain INPUT) drops all packets that none of "
                    + "its rules accepts: a grant opens 22/tcp, 3389/tcp, 3389/udp only if one does",
                "error: ufw (table ip filter, chain ufw-x) drops 22/tcp: "
                    + "a port that a grant opens stays shut",
                "warning: firewalld (table inet firewalld, chain a) drops 22/tcp, 3389/udp, with "
                    + "exceptions of its own: a grant opens a port only where they apply, too",
                "note: fail2ban (table inet f2b-table, chain f2b-chain) drops packets to 22/tcp "
                    + "under conditions of its own",
                "note: docker (table ip nat, chain DOCKER) rewrites 22/tcp to port 2222: "
                    + "the gate holds the port that it was sent to",
                "note: another tool (table inet mine, chain early) rewrites 22/tcp to port 2222: "
                    + "the gate holds the port that it was sent to",
                "note: another tool (table inet mine, chain unread) has more rules than could be read",
            ]
        )
        #expect(firewall[0].remedy == "sudo iptables -I INPUT -p tcp --dport 22 -j ACCEPT")
        #expect(firewall[1].remedy == "sudo ufw allow 22/tcp")
        #expect(firewall[2].remedy?.contains("firewall-cmd --permanent --add-port=22/tcp") == true)
        #expect(firewall[3].remedy == "sudo nft list table inet f2b-table")
        #expect(found.contains { $0.area == "kernel" && $0.severity == .note })
    }

    @Test(arguments: [
        ("ip crowdsec", "crowdsec-chain", nil, "crowdsec"),
        ("ip6 crowdsec6", "crowdsec6-chain", nil, "crowdsec"),
        ("ip filter", "INPUT", "CROWDSEC_CHAIN", "crowdsec"),
        ("inet netavark", "INPUT", nil, "podman"),
        ("ip nat", "PREROUTING", "NETAVARK-DNAT", "podman"),
        ("ip filter", "INPUT", "f2b-sshd", "fail2ban"),
    ])
    func `knows tools by their tables and chains`(
        table: String,
        name: String,
        rule: String?,
        tool: String
    ) async throws {
        let bench = try bench()
        let fate = Inspection.Fate("22/tcp", .mayDrop, droppedIn: rule)
        let chains = [chain(table, name, fates: [fate])]
        let server = try await serve(bench, Inspection(tableOwnership: "owned", chains: chains))
        defer { withExtendedLifetime(server) {} }
        let found = try #require(try conditions(bench).first { $0.area == "firewall" })
        #expect(found.message.hasPrefix("\(tool) (table \(table), chain \(rule ?? name)) drops"))
    }
}
