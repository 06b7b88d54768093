import Foundation
import StrictJSON
import TestSupport
import Testing

extension AgentHost {
    /// True if the kernel drops a packet that nothing admits.
    fileprivate var denies: Bool {
        get throws {
            let table = try namespace.command("nft", "list", "table", "inet", "jitgate")
            return table.contains("drop")
        }
    }

    fileprivate func status() throws -> JSONValue {
        try JSONNode.parse(try jitgate("status", "--json").output).value
    }

    /// The events since the first trial, of those that say which policy is in force.
    fileprivate var policyEvents: [String] {
        get throws {
            try ["policy-loaded", "mode-changed", "policy-refused"].flatMap { try records($0) }
                .sorted { Self.number($0) < Self.number($1) }
                .compactMap { $0["MESSAGE"]?.text }
                .map { $0.prefix { $0 != "," && $0 != ":" } }
                .map { $0.hasPrefix("Policy on trial") ? "Policy on trial" : String($0) }
        }
    }

    private static func number(_ record: JSONValue) -> Int {
        Int(record["JITGATE_SEQ"]?.text ?? "") ?? -1
    }
}

@Suite struct `A policy on trial` {
    /// A host that observes, with a policy on disk that enforces.
    private func host() throws -> AgentHost {
        let host = try AgentHost()
        try host.writePolicy(mode: "observe")
        try host.start()
        try host.writePolicy(mode: "enforce")
        return host
    }

    private func tried(for time: String) throws -> AgentHost {
        let host = try host()
        let outcome = try host.jitgate("try", "--for", time)
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(outcome.text.hasPrefix("on trial until 20"))
        #expect(try host.denies)
        return host
    }

    @Test func `gives way by itself`() throws {
        let host = try tried(for: "3s")
        let status = try host.status()
        #expect(status["mode"] == "enforce")
        #expect(status["trial_until"]?.text != nil)
        try eventually { try !host.denies }
        let after = try host.status()
        #expect(after["mode"] == "observe")
        #expect(after["healthy"] == false)
        #expect(after["trial_until"] == .null)
        let problem = try #require(after.conditions().first)
        #expect(problem.hasPrefix("the policy on disk was not confirmed in time"))
        #expect(
            try host.policyEvents == [
                "Policy loaded", "Policy on trial", "The mode changed from observe to enforce",
                "Policy not confirmed in time", "The mode changed from enforce to observe",
            ]
        )
        #expect(try host.jitgate("confirm").status == 1)
    }

    @Test func `that is the one in force leaves nothing to mend when its time is over`() throws {
        let host = try AgentHost()
        try host.start()
        #expect(try host.jitgate("try", "--for", "1s").status == 0)
        try eventually { try host.policyEvents.last == "Policy not confirmed in time" }
        #expect(try host.status()["healthy"] == true)
        host.kill()
        try host.start()
        #expect(try host.status()["healthy"] == true)
    }

    @Test func `stays once it is confirmed, also over a restart`() throws {
        let host = try tried(for: "5s")
        #expect(try host.jitgate("confirm").text.hasPrefix("confirmed: enforce: 22/tcp"))
        #expect(try host.status()["trial_until"] == .null)
        let trial = try #require(try host.records("policy-loaded").dropFirst().first)
        #expect(trial["JITGATE_ACTOR"] == "uid:0")
        host.kill()
        // Past the end of the trial.
        let deadline = try #require(trial["JITGATE_DEADLINE"]?.text)
        try eventually { try Self.hasPassed(deadline) }
        try host.start()
        #expect(try host.denies)
        #expect(try host.status()["healthy"] == true)
    }

    @Test func `gives way also when the agent was killed meanwhile`() throws {
        let host = try tried(for: "3s")
        host.kill()
        let trial = try #require(try host.records("policy-loaded").last)
        let deadline = try #require(trial["JITGATE_DEADLINE"]?.text)
        try eventually { try Self.hasPassed(deadline) }
        #expect(try host.denies)
        try host.start()
        #expect(try !host.denies)
        #expect(try host.status()["mode"] == "observe")
        // Neither does the file that was not confirmed come back with the next start.
        host.kill()
        try host.start()
        #expect(try !host.denies)
        #expect(try host.status()["healthy"] == false)
        // Another file is another matter, as at any start.
        host.kill()
        try host.writePolicy(mode: "enforce", ports: "# edited")
        try host.start()
        #expect(try host.denies)
        #expect(try host.status()["healthy"] == true)
    }

    @Test func `goes on over a restart, whatever lies on disk by then`() throws {
        let host = try tried(for: "6s")
        host.kill()
        try host.writePolicy(mode: "observe", ports: "[[port]]\nnumber = 23\nprotocol = \"tcp\"")
        try host.start()
        #expect(try host.denies)
        #expect(try host.status()["trial_until"]?.text != nil)
        try eventually { try !host.denies }
        #expect(try host.status()["protected_ports"]?.items?.count == 3)
    }

    @Test func `of another trial falls back to what was in force for good`() throws {
        let host = try tried(for: "60s")
        try host.writePolicy(mode: "enforce", ports: "[[port]]\nnumber = 23\nprotocol = \"tcp\"")
        #expect(try host.jitgate("try", "--for", "3s").status == 0)
        #expect(try host.status()["protected_ports"] == ["23/tcp"])
        try eventually { try !host.denies }
        #expect(try host.status()["mode"] == "observe")
        #expect(try host.jitgate("reload").text == "enforce: 23/tcp\n")
        #expect(try host.status()["healthy"] == true)
    }

    @Test func `that is broken is refused with its place and changes nothing`() throws {
        let host = try host()
        try host.writePolicy(mode: "inforce")
        let outcome = try host.jitgate("try")
        #expect(outcome.status == 78)
        #expect(outcome.errors.contains("jitgate.toml:1:1: `mode`"))
        try host.writePolicy(mode: "enforce")
        try host.write("nonsense\n", to: "allowed_signers")
        let refused = try host.jitgate("try")
        #expect(refused.status == 1)
        #expect(refused.errors.contains("the policy on disk was refused"))
        #expect(try !host.denies)
        #expect(try host.status()["trial_until"] == .null)
        #expect(try host.records("policy-loaded").count == 1)
    }

    @Test func `that cuts the caller is tried with a warning and not loaded unforced`() throws {
        let host = try host()
        let mine = ["SSH_CONNECTION": "192.0.2.9 50000 192.0.2.1 22"]
        let kept = try host.jitgate("reload", environment: mine)
        #expect(kept.status == 0)
        #expect(kept.errors.contains("goes on, but the next one would be refused"))
        let refused = try host.jitgate("reload", environment: mine)
        #expect(refused.status == 1)
        #expect(
            refused.errors.hasPrefix(
                "jitgate: your own session, from 192.0.2.9 to 22/tcp, would be cut: "
            )
        )
        #expect(refused.errors.contains("sudo jitgate try"))
        #expect(try host.jitgate("reload", "--force", environment: mine).status == 0)
        let tried = try host.jitgate("try", environment: mine)
        #expect(tried.status == 0)
        #expect(tried.errors.contains("would be cut"))
        try host.submit(
            host.grant(changes: [.init("sources", ["192.0.2.0/24"])]),
            as: "a.grant"
        )
        try eventually { try host.records("grant-opened").count == 1 }
        #expect(try host.jitgate("reload", environment: mine).errors.isEmpty)
    }

    @Test func `that nobody confirmed does not shut the host at boot`() throws {
        let host = try tried(for: "3s")
        try eventually { try !host.denies }
        host.stop()
        let program = AgentHost.build + "jitgated"
        try host.namespace.command(program, "--config", host.policyPath, "--remove-gate")
        let shut = try host.namespace.command(program, "--config", host.policyPath, "--shut")
        #expect(shut.hasPrefix("nothing to shut: observe mode, by the last policy"))
        #expect(shut.contains("jitgate.toml was not confirmed"))
        try host.writePolicy(mode: "enforce", ports: "# edited")
        let edited = try host.namespace.command(program, "--config", host.policyPath, "--shut")
        #expect(edited.hasPrefix("shut, by /"))
    }

    @Test func `knows the caller's session also behind sudo, which drops its variables`() throws {
        let host = try host()
        let words = "env -i PATH=$PATH SUDO_USER=dana \(AgentHost.build)jitgate"
        let result = try Command.run(
            ["sh", "-c", "\(words) explain my 22 --config \(host.policyPath); exit $?"],
            environment: ["SSH_CONNECTION": "192.0.2.9 50000 192.0.2.1 22"]
        )
        #expect(result.text.hasPrefix("192.0.2.9 to 22/tcp passes"))
    }

    private static func hasPassed(_ moment: String) throws -> Bool {
        let format = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
        return try format.parse(moment) < Date()
    }
}
