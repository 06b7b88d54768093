import Enforcement
import Foundation
import Grants
import Netfilter
import RuleTrace
import TestSupport
import Testing

/// A chain of another tool, as `nft` loads it, and what it does with packets to 22/tcp.
private struct Foreign: CustomTestStringConvertible, Sendable {
    let testDescription: String
    let rules: String
    let end: TraceResult.End
    var dropper: String?
    var rewritten: UInt16?
    var hook = "type filter hook input priority 0; policy accept;"
    var besides = ""

    init(_ rules: String, _ end: TraceResult.End, in dropper: String? = nil) {
        (self.testDescription, self.rules, self.end, self.dropper) = (rules, rules, end, dropper)
    }

    func with(_ change: (inout Self) -> Void) -> Self {
        var copy = self
        change(&copy)
        return copy
    }

    static let dropping = "type filter hook input priority 0; policy drop;"
    static let rewriting = "type nat hook prerouting priority -100;"

    static let all = [
        Self("", .passes),
        Self("", .drops).with { $0.hook = dropping },
        Self("tcp dport 22 accept", .passes).with { $0.hook = dropping },
        Self("tcp dport 22 drop", .drops, in: "x"),
        Self("tcp dport 22 reject", .drops, in: "x"),
        Self("udp dport 22 drop", .passes),
        Self("tcp dport != 80 drop", .drops, in: "x"),
        Self("tcp dport 20-30 drop", .drops, in: "x"),
        Self("tcp dport > 22 drop", .passes),
        Self("tcp dport { 80, 443 } accept; reject", .drops, in: "x"),
        Self("tcp dport { 22, 443 } accept; reject", .passes),
        Self("tcp dport { 20-30, 443 } accept; reject", .passes),
        Self("tcp dport { 23-30, 443 } accept; reject", .drops, in: "x"),
        Self("meta l4proto . th dport { tcp . 22 } drop", .drops, in: "x"),
        Self("ct state vmap { invalid : drop, established : accept }; accept", .passes),
        Self("ct state established,related accept; iif lo accept; drop", .drops, in: "x"),
        Self("iifname lo accept; iifname != lo drop", .drops, in: "x"),
        Self("iifname eth0 accept; drop", .mayPass, in: "x"),
        // An interface whose number has bytes that add up to more than one holds.
        Self("iif 511 drop", .mayDrop, in: "x"),
        Self("iif 511 meta mark 1 drop", .mayDrop, in: "x"),
        Self("tcp dport vmap { 22 : drop, 80 : accept }", .drops, in: "x"),
        Self("tcp dport vmap { 22 : jump y, 80 : accept }", .drops, in: "y").with {
            $0.besides = "chain y { drop; }"
        },
        Self("ip saddr 10.0.0.0/8 tcp dport 22 accept", .mayPass).with { $0.hook = dropping },
        Self("ip saddr 10.0.0.0/8 drop", .mayDrop, in: "x"),
        Self("ip saddr @banned drop", .mayDrop, in: "x").with {
            $0.besides = "set banned { type ipv4_addr; elements = { 10.0.0.1 }; }"
        },
        Self("meta nfproto ipv6 tcp dport 22 drop", .mayPass, in: "x"),
        Self("jump y; drop", .passes).with {
            $0.besides = "chain z { tcp dport 22 accept; }\nchain y { jump z; return; }"
        },
        Self("jump y; accept", .drops, in: "z").with {
            $0.besides = "chain z { tcp dport 22 drop; }\nchain y { goto z; }"
        },
        // What returns from a chain under a condition may be spared the rest of it.
        Self("jump y; accept", .mayPass, in: "y").with {
            $0.besides = "chain y { ip saddr 10.0.0.0/8 return; drop; }"
        },
        Self("jump y; drop", .mayDrop, in: "x").with {
            $0.besides = "chain y { ip saddr 10.0.0.0/8 return; accept; }"
        },
        Self("jump y; drop", .drops, in: "y").with {
            $0.besides = "chain y { ip saddr 10.0.0.0/8 return; drop; }"
        },
        Self("fib daddr type local accept; drop", .passes),
        Self("fib daddr type != local drop; fib daddr type { multicast, broadcast } drop", .passes),
        Self("ct status dnat accept; drop", .drops, in: "x"),
        Self("tcp flags & (fin|syn|rst|ack) != syn drop", .passes),
        Self("tcp flags & (fin|syn|rst|psh|ack|urg) == 0x0 drop", .passes),
        Self("tcp flags & (fin|syn|rst|ack) == syn drop", .drops, in: "x"),
        Self("rt type 0 drop; exthdr frag exists drop", .passes),
        Self("iifname eth0 jump y", .mayDrop, in: "y").with { $0.besides = "chain y { drop; }" },
        Self("tcp dport 22 limit rate 3/minute accept; tcp dport 22 drop", .mayPass, in: "x"),
        Self("tcp dport 22 redirect to :2222", .passes).with {
            ($0.hook, $0.rewritten) = (rewriting, 2222)
        },
        Self("tcp dport 22 dnat ip to 10.0.0.2", .passes).with {
            ($0.hook, $0.rewritten) = (rewriting, 22)
        },
        Self("tcp dport 2222 redirect to :22", .passes).with { $0.hook = rewriting },
    ]
}

@Suite struct `A chain of another tool` {
    private func fate(_ scene: GateScene) throws -> TraceResult {
        let fates = try scene.gate.call { gate in
            let chains = try gate.table.foreignChains()
            return try gate.table.fates(of: [try Port(parsing: "22/tcp")], in: chains)
        }
        return try #require(fates.first.flatMap { $0?.first })
    }

    @Test(arguments: Foreign.all)
    private func `is followed through its rules`(foreign: Foreign) throws {
        let scene = try GateScene()
        let table = "table inet other {\n\(Self.inOrder(foreign))\n}\n"
        try scene.server.command("nft", "-f", "-", input: table)
        let fate = try fate(scene)
        #expect(fate.end == foreign.end)
        #expect(fate.rewrittenTo == foreign.rewritten)
        if foreign.end != .passes, foreign.hook != Foreign.dropping {
            #expect(fate.dropper == foreign.dropper)
        }
    }

    private static func inOrder(_ foreign: Foreign) -> String {
        "\(foreign.besides)\nchain x { \(foreign.hook) \(foreign.rules); }"
    }

    @Test func `may accept what another chain has rewritten`() throws {
        let scene = try GateScene()
        let table = """
            table inet other {
            chain x { \(Foreign.dropping) ct status dnat accept; }
            chain y { \(Foreign.rewriting) tcp dport 22 redirect to :2222; }
            }
            """
        try scene.server.command("nft", "-f", "-", input: table)
        let ends = try scene.gate.call { gate in
            let chains = try gate.table.foreignChains().filter { $0.hook == "input" }
            let ports = [try Port(parsing: "22/tcp"), try Port(parsing: "23/tcp")]
            return try gate.table.fates(of: ports, in: chains + gate.table.foreignChains())
        }
        #expect(ends.first??.map(\.end) == [.mayPass, .drops])
    }

    /// Rules of iptables-nft for the chain INPUT of the table filter, and what they do with 22/tcp.
    @Test(
        arguments: [
            (
                "iptables",
                "-A INPUT -j x|-A x -m addrtype --dst-type LOCAL -j RETURN|-A x -j DROP", .passes
            ),
            ("iptables", "-A INPUT -m addrtype ! --dst-type LOCAL,BROADCAST -j DROP", .passes),
            ("iptables", "-A INPUT -m addrtype --src-type LOCAL -j DROP", .mayDrop),
            ("iptables", "-A INPUT -p tcp --tcp-flags ALL NONE -j DROP", .passes),
            ("iptables", "-A INPUT -p tcp --tcp-flags ALL ALL -j DROP", .passes),
            ("iptables", "-A INPUT -p tcp ! --syn -m state --state NEW -j DROP", .passes),
            ("iptables", "-A INPUT -p tcp --syn -j DROP", .drops),
            (
                "iptables", "-A INPUT -p tcp --sport 67 --dport 68 -j ACCEPT|-A INPUT -j DROP",
                .drops
            ),
            (
                "iptables", "-A INPUT -p tcp --sport 67 --dport 22 -j ACCEPT|-A INPUT -j DROP",
                .mayPass
            ),
            ("iptables", "-A INPUT -p tcp --tcp-option 30 --dport 22 -j DROP", .mayDrop),
            ("ip6tables", "-A INPUT -m rt --rt-type 0 -j DROP", .passes),
            ("ip6tables", "-A INPUT -m frag --fragmore -j DROP", .passes),
        ] as [(String, String, TraceResult.End)]
    )
    func `of iptables is followed as well`(tool: String, rules: String, end: TraceResult.End) throws
    {
        let scene = try GateScene()
        let lines = rules.split(separator: "|").joined(separator: "\n")
        let text = "*filter\n:INPUT ACCEPT\n:x -\n\(lines)\nCOMMIT\n"
        try scene.server.command("\(tool)-nft-restore", input: text)
        #expect(try fate(scene).end == end)
    }

    @Test func `says what the kernel does`() throws {
        let scene = try GateScene()
        let listener = try scene.listen()
        for foreign in Foreign.all where foreign.end == .drops || foreign.end == .passes {
            guard foreign.hook != Foreign.rewriting else { continue }
            let table = "table inet other {\n\(Self.inOrder(foreign))\n}\n"
            try scene.server.command("nft", "-f", "-", input: table)
            // A policy that drops shuts out neighbours of IPv6 as well.
            let source = foreign.rules.contains("ipv6") ? "2001:db8::7" : "192.0.2.7"
            let passes = (try? scene.answer(from: source)) == .accepted
            #expect(passes == (foreign.end == .passes), "\(foreign)")
            try scene.nft("delete table inet other")
        }
        withExtendedLifetime(listener) {}
    }
}
