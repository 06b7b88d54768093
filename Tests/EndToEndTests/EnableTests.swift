import StrictJSON
import TestSupport
import Testing

@Suite struct `Enabling` {
    private let host: AgentHost

    init() throws {
        host = try AgentHost()
        try host.writePolicy(mode: "observe")
        try host.edit { "# the policy\n" + $0.replacing("observe\"", with: "observe\" # for now") }
        try host.start()
    }

    private var policy: String {
        get throws { try Command.run(["cat", host.policyPath]).text }
    }

    private func status() throws -> JSONValue {
        try JSONNode.parse(try host.jitgate("status", "--json").output).value
    }

    private func mode() throws -> JSONValue? { try status()["mode"] }

    /// Runs it on a terminal, where somebody types these lines.
    private func enable(typing lines: String) throws -> Command.Result {
        let command = "\(AgentHost.build)jitgate enable --config \(host.policyPath)"
        let enter = ["nsenter", "--net=\(host.namespace.path)"]
        return try Command.run(
            enter + ["script", "-qec", command, "/dev/null"],
            input: Array(lines.utf8)
        )
    }

    @Test func `keeps the policy that somebody keeps`() throws {
        let outcome = try enable(typing: "y\nkeep\n")
        #expect(outcome.status == 0, "\(outcome.text)")
        #expect(outcome.text.contains("kept: it enforces from now on"))
        #expect(try mode() == "enforce")
        #expect(try policy.hasPrefix("# the policy\nmode = \"enforce\"  # for now\n"))
        #expect(try enable(typing: "").text.contains("it enforces already"))
    }

    @Test func `goes back where nobody keeps it`() throws {
        let before = try policy
        let outcome = try enable(typing: "y\nno\n")
        #expect(outcome.status == 1)
        #expect(outcome.text.contains("it observes as before"))
        #expect(try mode() == "observe")
        #expect(try policy == before)
        #expect(try status().conditions().isEmpty)
    }

    @Test func `changes nothing without a yes, or on a host with an error`() throws {
        let before = try policy
        #expect(try enable(typing: "\n").text.contains("nothing was changed"))
        _ = try Command.run(["chmod", "666", "\(host.path)/allowed_signers"])
        let refused = try enable(typing: "y\nkeep\n")
        #expect(refused.status == 1)
        #expect(refused.text.contains("may be written by others"))
        #expect(try mode() == "observe")
        #expect(try policy == before)
    }

    @Test func `begins the trial alone where a program asks for it`() throws {
        let asked = try host.jitgate("enable")
        #expect(asked.status == 2)
        let outcome = try host.jitgate("enable", "--yes", "--for", "60s", "--json")
        #expect(outcome.status == 0, "\(outcome.errors)")
        let reply = try JSONNode.parse(outcome.output).value
        #expect(reply["mode"] == "enforce")
        #expect(reply["until"]?.text != nil)
        #expect(try host.jitgate("confirm").status == 0)
        #expect(try mode() == "enforce")
    }
}

@Suite struct `A host without a policy` {
    @Test func `gets one that observes, and its first signer`() throws {
        let folder = try TemporaryDirectory()
        _ = try Command.run(["mkdir", "-p", "\(folder.path)/etc/jitgate"])
        let key = try SSHKey().publicLine
        _ = try Command.run(["tee", "\(folder.path)/dana.pub"], input: Array("\(key)\n".utf8))
        let jitgate = "\(AgentHost.build)jitgate"
        let command = "mount --bind \(folder.path)/etc /etc && exec \(jitgate) init dana --key "
        let outcome = try Command.run([
            "unshare", "--mount", "sh", "-c", command + "\(folder.path)/dana.pub",
        ])
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(
            outcome.text.contains("/etc/jitgate/jitgate.toml: written: observe, protects 22/tcp")
        )
        let made = "\(folder.path)/etc/jitgate"
        let policy = try Command.run([jitgate, "policy", "check", "\(made)/jitgate.toml"])
        #expect(policy.status == 0)
        let signers = try Command.run(["cat", "\(made)/allowed_signers"]).text
        #expect(signers.hasPrefix("dana namespaces="))
        #expect(signers.contains(key))
    }
}
