import Conditions
import Foundation
import StrictJSON
import TestSupport
import Testing

/// A host with an agent, whose doctor is asked after something was done to it.
private struct ExaminedHost {
    let host: AgentHost

    init(policy: String = "") throws {
        host = try AgentHost(policy: policy)
        try host.start()
    }

    /// The conditions of an area by doctor, as `severity: message`; `words` run it in another way.
    func findings(_ area: String, through words: [String] = []) throws -> [String] {
        let command =
            ["nsenter", "--net=\(host.namespace.path)"] + words
            + [AgentHost.build + "jitgate", "doctor", "--json", "--config", host.policyPath]
        let json = try JSONNode.parse(Command.run(command).output).value
        let conditions = (json["conditions"]?.items ?? []).compactMap(Condition.init)
        let passed = (json["passed"]?.items ?? []).filter { $0["area"]?.text == area }
        return conditions.filter { $0.area == area }.map { "\($0.severity): \($0.message)" }
            + passed.map { "ok: \($0["message"]?.text ?? "")" }
    }

    func nft(_ rules: String) throws {
        try host.namespace.command("nft", "-f", "-", input: rules)
    }

    /// Runs a program of Python inside, which says when it is ready.
    func python(_ program: String) throws -> Process {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [
            "nsenter", "--net=\(host.namespace.path)", "python3", "-c",
            "import ctypes,socket,time\n\(program)\nprint('ready', flush=True)\ntime.sleep(600)",
        ]
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        _ = output.fileHandleForReading.availableData
        return process
    }

    /// A listener whose process has this name.
    func listener(called name: String, at port: Int) throws -> Process {
        try python(
            """
            ctypes.CDLL(None).prctl(15, b'\(name)')
            s = socket.socket(); s.bind(('0.0.0.0', \(port))); s.listen()
            """
        )
    }
}

@Suite struct `doctor, of listeners that no policy covers` {
    @Test(arguments: [
        ("systemd", "systemd listens on 2022/tcp for a service that it starts"),
        ("gnome-remote-de", "RDP listens on 2022/tcp"), ("teleport", "SSH listens on 2022/tcp"),
    ])
    func `warns of those that let people in or start what may`(name: String, what: String) throws {
        let scene = try ExaminedHost()
        let listener = try scene.listener(called: name, at: 2022)
        defer { listener.end() }
        let ports = try scene.findings("ports")
        #expect(ports.contains("warning: \(what) and no policy covers it"))
        #expect(!ports.contains { $0.contains("every management port") })
    }

    @Test func `names those that it knows nothing of`() throws {
        let scene = try ExaminedHost()
        let listener = try scene.listener(called: "homemade", at: 2022)
        defer { listener.end() }
        let ports = try scene.findings("ports")
        #expect(ports.contains { $0.hasPrefix("note: 2022/tcp (homemade): ") })
        #expect(!ports.contains { $0.contains("every management port") })
    }
}

@Suite struct `doctor, of ways around the gate` {
    @Test func `is content where there is none`() throws {
        let scene = try ExaminedHost()
        #expect(try scene.findings("firewall") == ["ok: no other tool decides before or after"])
        #expect(try scene.findings("detours").isEmpty)
    }

    @Test func `warns of VRFs, of routing rules and of addresses of other tables`() throws {
        let scene = try ExaminedHost()
        try scene.host.namespace.ip([
            "rule add l3mdev pref 1000", "rule add fwmark 7 lookup 200",
            "route add local 203.0.113.0/24 dev lo table 200",
            "route add local 198.51.100.1 dev lo table 100",
            "route add local 2001:db8::1 dev lo table 100",
        ])
        let inside = scene.host.namespace
        try inside.command("ip", "-6", "rule", "add", "l3mdev", "pref", "1000")
        let detours = try scene.findings("detours")
        #expect(detours.allSatisfy { $0.hasPrefix("warning: ") })
        let text = detours.joined(separator: "\n")
        #expect(text.contains("ip rule 1000 (l3mdev)"))
        #expect(text.contains("ip -6 rule 1000 (l3mdev)"))
        #expect(text.contains("(lookup 200)"))
        #expect(text.contains("198.51.100.1/32 by routing table 100"))
        #expect(text.contains("2001:db8::1/128 by routing table 100"))
        #expect(text.contains("203.0.113.0/24 by routing table 200"))
        #expect(try !scene.findings("firewall").contains { $0.hasPrefix("ok") })
    }

    @Test func `finds tproxy to a protected port wrong, and warns of transparent listeners`() throws
    {
        let scene = try ExaminedHost()
        let listener = try scene.python(
            """
            s = socket.socket(); s.setsockopt(0, 19, 1); s.bind(('0.0.0.0', 22)); s.listen()
            """
        )
        defer { listener.end() }
        try scene.nft(
            """
            table ip tp {
              chain pre {
                type filter hook prerouting priority -140;
                tcp dport 2299 tproxy to :22 meta mark set 1 accept
                tcp dport 2298 tproxy to :8080 meta mark set 1 accept
              }
            }
            """
        )
        let detours = try scene.findings("detours")
        #expect(detours.count == 2)
        #expect(
            detours.contains(
                "error: table ip tp, chain pre hands packets to the listener on 22/tcp by tproxy, "
                    + "past the gate"
            )
        )
        #expect(
            detours.contains { $0.hasPrefix("warning: the listener on 22/tcp is transparent") }
        )
    }

    @Test(arguments: ["filter", "mangle", "raw", "nat", "security"])
    func `warns of rules that only iptables-legacy shows`(table: String) throws {
        let scene = try ExaminedHost()
        let chain = table == "filter" || table == "security" ? "INPUT" : "PREROUTING"
        let target = table == "nat" ? "ACCEPT" : "DROP"
        let rule = ["-p", "tcp", "--dport", "22", "-j", target]
        let command = [
            "nsenter", "--net=\(scene.host.namespace.path)", "iptables-legacy", "-t", table,
        ]
        #expect(try Command.run(command + ["-S"]).status == 0)
        #expect(try scene.findings("firewall") == ["ok: no other tool decides before or after"])
        #expect(try Command.run(command + ["-A", chain] + rule).status == 0)
        let found = try scene.findings("firewall")
        #expect(
            found.first?.hasPrefix("warning: iptables-legacy has rules in its table \(table)")
                == true
        )
    }

    @Test(arguments: ["netdev", "inet"])
    func `finds a drop wrong that comes before all hooks`(family: String) throws {
        let scene = try ExaminedHost()
        try scene.nft(
            """
            table \(family) early {
              chain in { type filter hook ingress device lo priority 0; tcp dport 22 drop; }
            }
            """
        )
        #expect(
            try scene.findings("firewall") == [
                "error: another tool (table \(family) early, chain in) drops 22/tcp: "
                    + "a port that a grant opens stays shut"
            ]
        )
    }
}

@Suite struct `doctor, of a saved ruleset` {
    @Test func `finds one wrong that holds the agent's table, and says how to save without`() throws
    {
        let scene = try ExaminedHost()
        let host = scene.host
        try scene.nft("table inet site {\n chain input {\n tcp dport 9 drop\n }\n}\n")
        let saved = host.path + "/nftables.conf"
        let ruleset = try host.namespace.command("nft", "list", "ruleset")
        try host.write("#!/usr/sbin/nft -f\ninclude \"\(host.path)/*.nft\"\n", to: "nftables.conf")
        try host.write("flush ruleset\n" + ruleset, to: "all.nft")
        let mount = [
            "unshare", "-m", "sh", "-c", "mount --bind \(saved) /etc/nftables.conf; exec \"$@\"",
            "sh",
        ]
        let found = try scene.findings("firewall", through: mount)
        #expect(found.count == 1)
        #expect(found.first?.hasPrefix("error: \(host.path)/all.nft:") == true)
        #expect(found.first?.contains("the kernel refuses the whole of /etc/nftables.conf") == true)
        // What OPERATING says saves all but that table, and what it saved can be loaded.
        let command =
            "(echo flush ruleset; nft list tables | grep -vx \"table inet jitgate\" "
            + "| xargs -rL1 nft -s list)"
        let page = try String(
            contentsOf: URL(filePath: #filePath).deletingLastPathComponent()
                .appending(path: "../../docs/OPERATING.md"),
            encoding: .utf8
        )
        #expect(page.contains(command))
        let text = try host.namespace.command("sh", "-c", command)
        #expect(text.contains("table inet site"))
        #expect(!text.contains("jitgate"))
        try host.namespace.command("nft", "delete", "table", "inet", "site")
        try scene.nft(text)
        #expect(try host.namespace.command("nft", "list", "tables").contains("table inet site"))
        try host.write(text, to: "all.nft")
        #expect(
            try scene.findings("firewall", through: mount) == [
                "ok: no other tool decides before or after"
            ]
        )
    }
}

@Suite struct `explain, where another table has a say` {
    @Test func `says that what it drops does not pass`() throws {
        let scene = try ExaminedHost()
        let host = scene.host
        try host.submit(host.grant(changes: [.init("sources", ["192.0.2.0/24"])]), as: "a.grant")
        try eventually { try host.openings().count == 1 }
        try scene.nft(
            """
            table inet site {
              set banned { type ipv4_addr; flags interval; elements = { 192.0.2.7, 192.0.2.64/26 }; }
              chain pre {
                type filter hook prerouting priority -300;
                ip saddr @banned drop
                ip saddr 192.0.2.8 iifname "eth7" drop
              }
            }
            """
        )
        for address in ["192.0.2.7", "192.0.2.100"] {
            let dropped = try host.jitgate("explain", address, "22")
            #expect(dropped.status == 1)
            #expect(
                dropped.text.hasPrefix(
                    "\(address) to 22/tcp is denied by another tool (table inet site, chain pre); "
                        + "for jitgate it passes until "
                )
            )
        }
        let perhaps = try host.jitgate("explain", "192.0.2.8", "22")
        #expect(perhaps.status == 0)
        #expect(perhaps.errors.contains("table inet site, chain pre may drop it"))
        let passing = try host.jitgate("explain", "192.0.2.9", "22")
        #expect(passing.status == 0)
        #expect(passing.errors.isEmpty)
        let denied = try host.jitgate("explain", "203.0.113.7", "22")
        #expect(denied.text.hasPrefix("203.0.113.7 to 22/tcp is denied: no grant covers it"))
    }

    @Test func `says that rules of iptables-legacy are not followed`() throws {
        let scene = try ExaminedHost()
        let host = scene.host
        try host.submit(host.grant(changes: [.init("sources", ["192.0.2.0/24"])]), as: "a.grant")
        try eventually { try host.openings().count == 1 }
        try host.namespace.command(
            "iptables-legacy",
            "-A",
            "INPUT",
            "-s",
            "192.0.2.7",
            "-j",
            "DROP"
        )
        let passing = try host.jitgate("explain", "192.0.2.7", "22")
        #expect(passing.status == 0)
        #expect(
            passing.errors
                == "jitgate: iptables-legacy has rules in its table filter, which are not "
                + "followed: sudo iptables-legacy -t filter -S\n"
        )
        let denied = try host.jitgate("explain", "203.0.113.7", "22")
        #expect(denied.errors.isEmpty)
    }
}
