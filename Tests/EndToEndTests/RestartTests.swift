import Foundation
import StrictJSON
import TestSupport
import Testing

/// A host with a grant for one address of a client, and the client that probes it.
private struct ProbedHost: JoinedHosts {
    let host: AgentHost
    let client: NetworkNamespace
    var server: NetworkNamespace { host.namespace }
    let prober: Prober

    /// The prober runs once the grant is open.
    init(environment: [String: String] = [:]) throws {
        let host = try AgentHost()
        client = try Self.client(of: host.namespace)
        try host.launch(environment: environment)
        try host.submit(host.grant(lasting: 600), as: "a.grant")
        try eventually { try host.records("grant-opened").count == 1 }
        self.host = host
        prober = try Prober(
            in: client,
            granted: "192.0.2.7",
            foreign: "192.0.2.8",
            target: "192.0.2.1"
        )
    }

    /// Restarts the agent and waits until it runs.
    func start(environment: [String: String] = [:]) throws {
        let before = try host.records("agent-started").count
        try host.launch(environment: environment)
        try eventually { try host.records("agent-started").count > before }
    }

    func packets() throws -> Int {
        let set = try host.namespace.command("nft", "list", "set", "inet", "jitgate", "ipv4_32")
        let words = set.split(whereSeparator: \.isWhitespace)
        let place = try #require(words.firstIndex(of: "packets").map { words.index(after: $0) })
        return try #require(Int(words[place]))
    }
}

@Suite struct `A restart of the agent` {
    @Test(arguments: ["owned", "watched"])
    func `is no event, whichever way it comes about`(ownership: String) throws {
        let environment = ["JITGATE_TABLE_OWNERSHIP": ownership]
        let scene = try ProbedHost(environment: environment)
        for round in 0..<20 {
            let packets = try scene.packets()
            switch round % 4 {
            case 0: scene.host.kill()
            case 1: scene.host.stop()
            case 2:
                // Killed in the middle of what a new grant does.
                try scene.host.submit(scene.host.grant(), as: "\(round).grant")
                scene.host.kill()
            default:
                // Killed as soon as it was started, at any point of its start.
                scene.host.kill()
                try scene.host.launch(environment: environment)
                usleep(UInt32(round) * 1500)
                scene.host.kill()
            }
            try scene.start(environment: environment)
            #expect(try scene.packets() >= packets)
        }
        let result = try scene.prober.stop()
        #expect(result.losses == 0)
        #expect(result.leaks == 0)
        #expect(result.tries > 100)
        #expect(try scene.host.records("grant-closed").isEmpty)
    }

    @Test func `is no event either while the allowed signers on disk are broken`() throws {
        let host = try AgentHost()
        try host.start()
        try host.submit(host.grant(lasting: 600), as: "a.grant")
        try eventually { try host.records("grant-opened").count == 1 }
        for (signers, problem) in [("nonsense\n", "line 1"), (nil, "does not exist")] {
            if let signers {
                try host.write(signers, to: "allowed_signers")
            } else {
                try FileManager.default.removeItem(atPath: host.path + "/allowed_signers")
            }
            host.kill()
            try host.start()
            #expect(try host.records("grant-closed").isEmpty)
            #expect(try host.records("grant-refused").isEmpty)
            let status = try host.jitgate("status").text
            #expect(status.contains("- the allowed signers on disk are not in force: "))
            #expect(status.contains(problem))
            let refused = try #require(try host.records("policy-refused").last)
            #expect(refused["MESSAGE"]?.text?.hasPrefix("Allowed signers refused") == true)
        }
        // The allowed signers are known all the same, and read again once the file is good.
        try host.submit(host.grant(), as: "b.grant")
        try eventually { try host.records("grant-opened").count == 2 }
        try host.write("dana \(host.key.publicLine)\n", to: "allowed_signers")
        try eventually { try host.jitgate("status").text.contains("health     ok") }
        try host.write("", to: "allowed_signers")
        try eventually { try host.records("grant-closed").count == 2 }
    }

    @Test func `that never had allowed signers lets nobody sign and says so`() throws {
        let host = try AgentHost()
        try host.write("nonsense\n", to: "allowed_signers")
        try host.start()
        #expect(try host.jitgate("status").text.contains("health     1 to look at"))
        try host.submit(host.grant(), as: "a.grant")
        try eventually { try host.records("grant-refused").count == 1 }
        let refused = try #require(try host.records("policy-refused").last)
        #expect(refused["MESSAGE"]?.text?.hasPrefix("Allowed signers refused, so nobody") == true)
        try host.write("dana \(host.key.publicLine)\n", to: "allowed_signers")
        try eventually { try host.records("grant-opened").count == 1 }
        #expect(try host.jitgate("status").text.contains("health     ok"))
    }
    @Test func `that fails says why and, as a service, ends only after a while`() throws {
        let host = try AgentHost()
        try host.start()
        let second =
            ["nsenter", "--net=\(host.namespace.path)"]
            + [AgentHost.build + "jitgated", "--config", host.policyPath]
        for (environment, least, most) in [([:], 0, 4), (["NOTIFY_SOCKET": "@none"], 5, 30)] {
            let start = ContinuousClock.now
            let outcome = try Command.run(second, environment: environment)
            let time = ContinuousClock.now - start
            #expect(outcome.status == 71)
            let leaves = host.auditDirectory + "/audit.leaves"
            #expect(outcome.errors == "jitgated: \(leaves): another agent has it open\n")
            #expect(time >= .seconds(least) && time < .seconds(most))
        }
    }
    @Test func `that cannot make its socket says which setting is in the way`() throws {
        let host = try AgentHost()
        let start = ["nsenter", "--net=\(host.namespace.path)"]
        let agent = [AgentHost.build + "jitgated", "--config", host.policyPath]
        try host.edit { $0.replacing("/control\"", with: "/none/control\"") }
        let nowhere = try Command.run(start + agent)
        #expect(nowhere.status == 71)
        let path = host.path + "/none/control"
        #expect(nowhere.errors == "jitgated: control.socket: \(path): No such file or directory\n")
        try host.makeDirectory("none")
        try host.edit { $0 + "\ngroup = \"daemon\"\n" }
        let powerless = ["setpriv", "--bounding-set=-chown"]
        let foreign = try Command.run(start + powerless + agent)
        #expect(foreign.status == 71)
        #expect(
            foreign.errors.hasPrefix("jitgated: control.group: \(path) cannot be given to daemon; ")
        )
    }
}
