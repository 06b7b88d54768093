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
