import CommandSupport
import Commands
import Foundation
import StrictJSON
import Testing

@Suite struct `The command line` {
    private static let verbs = [
        ["init"], ["enable"], ["metrics"],
        ["request"], ["sign"], ["verify"], ["submit"], ["status"], ["list"], ["watch"], ["revoke"],
        ["request-revocation"], ["unbar"],
        ["reload"], ["attest"], ["explain"], ["doctor"], ["try"], ["confirm"], ["policy", "check"],
        ["clock", "accept"],
        ["policy", "show"],
        ["policy", "import-azure"],
        ["audit", "show"], ["audit", "report"], ["audit", "verify"], ["audit", "prove"],
        ["audit", "key"],
    ]

    @Test(arguments: verbs)
    func `helps with an example, the policy and JSON`(verb: [String]) throws {
        let outcome = try Bench().run(words: ["help"] + verb)
        #expect(outcome.status == .done)
        #expect(outcome.errors.isEmpty)
        let words = "jitgate " + verb.joined(separator: " ")
        #expect(outcome.output.contains("  \(words)") || outcome.output.contains("sudo \(words)"))
        #expect(outcome.output.contains("--config <file>"))
        #expect(outcome.output.contains("--json"))
    }

    @Test(arguments: verbs + [["audit", "verify-proof"]])
    func `helps in lines that a narrow terminal holds`(verb: [String]) throws {
        let help = try Bench().run(words: ["help"] + verb).output
        let text = help.prefix(upTo: try #require(help.range(of: "USAGE:")).lowerBound)
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        for (line, next) in zip(lines, lines.dropFirst()) where !line.isEmpty && !next.isEmpty {
            // What was broken where it need not be: an example, or a line that was one already.
            let word = next.prefix { $0 != " " }
            let isBroken = line.hasPrefix("  ") != next.hasPrefix("  ")
            #expect(!isBroken, "\(line)\n\(next)")
            guard !line.hasPrefix("  ") else { continue }
            #expect(line.count + 1 + word.count >= 80, "\(line)\n\(next)")
        }
    }

    @Test(arguments: [
        ["bogus"], ["revoke"], ["revoke", "--all", "0b8a2f6e-5c1d-4f0e-9a43-2f1f6f0c7d11"],
        ["revoke", "0b8a2f6e-5c1d-4f0e-9a43-2f1f6f0c7d11"], ["revoke", "x", "--reason", "r"],
        ["status", "--bogus"], ["submit"], ["submit", "g", "--wait", "-1"],
        ["audit", "show", "-n", "-1"], ["audit", "show", "-f", "-r"],
        ["audit", "show", "--csv", "--json"], ["audit", "show", "--source", "203.0.113.7/24"],
        ["audit", "show", "--since", "soon"],
        ["audit", "report", "--from", "today", "--to", "yesterday"],
        ["audit", "report", "--from", "whenever"],
        ["audit", "report", "--from", "today", "--json"],
    ])
    func `says usage, and ends with 2, where the words are wrong`(words: [String]) throws {
        let outcome = try Bench().run(words: words)
        #expect(outcome.status == .usage)
        #expect(outcome.status.rawValue == 2)
        #expect(outcome.errors.hasPrefix("jitgate: "))
        #expect(outcome.output.isEmpty)
    }

    @Test func `tells its version`() throws {
        #expect(try Bench().run("--version").output == "0.1.0\n")
    }

    @Test func `finds the policy by option, by environment, by its usual place`() throws {
        let bench = try Bench()
        try bench.write("mode = 1\n", to: "bad.toml")
        #expect(bench.run("policy", "show").status == .done)
        #expect(bench.run("policy", "show", "--config", "@bad.toml").status == .configuration)
        let named = bench.run(
            "policy",
            "show",
            environment: ["JITGATE_CONFIG": bench.path("none.toml")]
        )
        #expect(named.status == .noInput)
        #expect(named.errors.contains("none.toml: there is no such file"))
    }

    @Test func `prints a policy that reads back as the same`() throws {
        let bench = try Bench()
        let shown = bench.run("policy", "show").output
        try bench.write(shown, to: "shown.toml")
        #expect(bench.run("policy", "show", "--config", "@shown.toml").output == shown)
        #expect(bench.run("policy", "check", "@shown.toml").status == .done)
    }

    @Test func `says everything that is wrong with a policy`() throws {
        let bench = try Bench()
        try bench.write("modee = \"x\"\n[audit]\ndenied_per_second = 0\n", to: "bad.toml")
        let outcome = bench.run("policy", "check", "@bad.toml")
        #expect(outcome.status == .no)
        let lines = outcome.errors.split(separator: "\n")
        #expect(lines.count == 2)
        #expect(lines[0].hasPrefix("jitgate: \(bench.path("bad.toml")):1:1: `modee` "))
        #expect(lines[1].contains("bad.toml:3:"))
        let json = bench.run("policy", "check", "@bad.toml", "--json")
        let answer = try JSONNode.parse(Array(json.output.utf8)).value
        #expect(answer["problems"]?.items?.map { $0["line"] } == [1, 3])
    }

    @Test func `colours on a terminal alone, and not where NO_COLOR says so`() throws {
        let bench = try Bench()
        bench.request()
        let plain = bench.run("verify", "@g.json").output
        #expect(!plain.contains("\u{1B}"))
        #expect(
            bench.run("verify", "@g.json", isTerminal: true).output.hasPrefix(
                "\u{1B}[31mNO\u{1B}[0m"
            )
        )
        let refused = bench.run(
            "verify",
            "@g.json",
            environment: ["NO_COLOR": "1"],
            isTerminal: true
        )
        #expect(refused.output == plain)
    }

    @Test(arguments: [
        ["status"], ["list"], ["reload"], ["metrics"], ["enable"], ["watch"], ["revoke", "--all"],
    ])
    func `says that the agent is not there`(words: [String]) throws {
        let outcome = try Bench().run(words: words)
        #expect(outcome.status == .unavailable)
        #expect(outcome.errors.contains("control: the agent's socket does not exist"))
        #expect(outcome.errors.contains("systemctl status jitgated"))
    }

    @Test(arguments: [
        (["reqest"], "there is no command `reqest`; did you mean `request`?"),
        (["policy", "chek"], "there is no command `chek`; did you mean `check`?"),
        (["audit", "frobnicate"], "there is no command `frobnicate`; there are show, "),
        (
            ["frobnicate"],
            "there is no command `frobnicate`; there are init, enable, request, sign, verify, "
                + "submit, extend, move, revoke, request-revocation, unbar, review, passkey, "
                + "status, list, watch, explain, try, confirm, reload, clock, attest, metrics, "
                + "login, requests, approve, deny, withdraw, ssh, fleet, policy, audit, doctor\n"
        ),
    ])
    func `names the command that was meant`(words: [String], message: String) throws {
        let outcome = try Bench().run(words: words)
        #expect(outcome.status == .usage)
        #expect(outcome.errors.hasPrefix("jitgate: \(message)"))
    }
}
