import AgentInterface
import Foundation
import StrictJSON
import TestSupport
import Testing
import Varlink

extension AgentHost {
    fileprivate func launchWatched() throws {
        try launch(environment: ["JITGATE_TABLE_OWNERSHIP": "watched"])
        try eventually { try records("agent-started").count == 1 }
    }

    fileprivate var isOpen: Bool {
        let set = try? namespace.command("nft", "list", "set", "inet", "jitgate", "ipv4_32")
        return set?.contains("192.0.2.7 . tcp . 22") == true
    }

    fileprivate var stands: Bool {
        let rules = try? namespace.command("nft", "list", "chain", "inet", "jitgate", "refuse")
        return rules?.contains("drop") == true
    }
}

@Suite struct `An agent that cannot own its table` {
    @Test(arguments: [
        "flush ruleset", "delete table inet jitgate", "flush chain inet jitgate refuse",
    ])
    func `puts it back at once and says who changed it`(command: String) throws {
        let host = try AgentHost()
        try host.launchWatched()
        try host.submit(host.grant(), as: "a.grant")
        try eventually { host.isOpen }
        try host.namespace.command("nft", command)
        let begin = ContinuousClock.now
        try eventually { host.stands }
        #expect(begin.duration(to: .now) < .seconds(5))
        #expect(host.isOpen)
        try eventually { try host.records("tamper-repaired").count == 1 }
        let detected = try #require(try host.records("tamper-detected").first)
        #expect(detected["JITGATE_ACTOR"]?.text?.hasPrefix("process:nft (process ") == true)
        #expect(
            detected["MESSAGE"]?.text?.hasPrefix("Table inet jitgate was changed by nft") == true
        )
    }

    @Test func `says that the kernel differs from its book while it does`() throws {
        let host = try AgentHost()
        try host.launchWatched()
        let client = try VarlinkClient.connecting(to: host.path + "/control")
        let packet = ExplainParameters(source: "192.0.2.8/32", port: "22/tcp")
        let asked = { try client.call(AgentInterface.explain, packet) }
        #expect(try asked().kernel == .agrees)
        let storm = Process()
        storm.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        let change = "flush chain inet jitgate refuse; add rule inet jitgate refuse accept"
        storm.arguments = [
            "nsenter", "--net=\(host.namespace.path)", "sh", "-c",
            "while nft '\(change)'; do :; done",
        ]
        try storm.run()
        defer { storm.end() }
        // The second of two changes has to wait for its answer for some milliseconds.
        try eventually { try asked().kernel == .differs }
        #expect(try asked().rule == .denied)
        storm.end()
        try eventually { try asked().kernel == .agrees }
    }

    @Test func `is not driven mad by a storm of changes`() throws {
        let host = try AgentHost()
        try host.launchWatched()
        let storm = "add rule inet jitgate gate accept\n"
        let begin = ContinuousClock.now
        var changes = 0
        while begin.duration(to: .now) < .seconds(3) {
            for _ in 0..<20 { _ = try? host.namespace.command("nft", "-f", "-", input: storm) }
            changes += 20
        }
        let seconds = Int(begin.duration(to: .now).components.seconds) + 1
        // The last of them may still wait for its answer.
        try eventually {
            let rules = try host.namespace.command(
                "nft",
                "list",
                "chain",
                "inet",
                "jitgate",
                "gate"
            )
            return !rules.contains("\t\taccept")
        }
        #expect(host.stands)
        try eventually { try host.records("tamper-repaired").count > 1 }
        #expect(try host.records("tamper-detected").count <= seconds + 1)
        #expect(try host.records("tamper-repaired").count <= seconds + 1)
    }
}
