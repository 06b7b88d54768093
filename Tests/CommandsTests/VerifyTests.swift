import Auditing
import CommandSupport
import Commands
import Grants
import StrictJSON
import Testing

@Suite struct `jitgate verify` {
    @Test func `says ok to each check of a good grant`() throws {
        let bench = try Bench()
        try bench.signedGrant()
        let outcome = bench.run("verify", "@g.grant")
        #expect(outcome.status == .done)
        let lines = outcome.output.split(separator: "\n").map(String.init)
        #expect(lines.dropLast().allSatisfy { $0.hasPrefix("ok  ") })
        #expect(lines.first?.contains("ops@example.com, ssh-ed25519 SHA256:") == true)
        #expect(lines.last == "accepted: this host would hold it open until 2026-12-01T14:00:00Z")
    }

    @Test func `gives every reason of policy at once`() throws {
        let bench = try Bench(policy: "")
        try bench.write(
            String(decoding: try bench.read("jitgate.toml"), as: UTF8.self)
                + "[defaults]\napprovals = 2\nmax_duration = \"1h\"\n",
            to: "strict.toml"
        )
        try bench.signedGrant()
        let outcome = bench.run("verify", "@g.grant", "--config", "@strict.toml")
        #expect(outcome.status == .no)
        let failed = outcome.output.split(separator: "\n").filter { $0.hasPrefix("NO  ") }
        #expect(failed.count == 2)
        #expect(failed[0].contains("duration: it would hold 22/tcp open for 2h; at most 1h"))
        #expect(failed[1].contains("22/tcp needs 2 signers and this has 1"))
        #expect(outcome.output.hasSuffix("refused: this host would not open anything\n"))
    }

    @Test func `says of each signature which approver lets it count, or why none does`() throws {
        let bench = try Bench()
        try bench.signedGrant()
        let policy = String(decoding: try bench.read("jitgate.toml"), as: UTF8.self)
        let limits = "signers = [\"ops@*\"]\nmax_duration"
        try bench.write(policy + "[[approver]]\n\(limits) = \"2h\"\n", to: "wide.toml")
        let within = bench.run("verify", "@g.grant", "--config", "@wide.toml")
        #expect(within.status == .done)
        #expect(within.output.contains(": approves, as approver 1 of the policy allows\n"))
        try bench.write(policy + "[[approver]]\n\(limits) = \"1h\"\n", to: "narrow.toml")
        let beyond = bench.run("verify", "@g.grant", "--config", "@narrow.toml")
        #expect(beyond.status == .no)
        let reason = "does not count: approver 1 allows 1h at most, not 2h"
        #expect(beyond.output.contains(": \(reason)\n"), "\(beyond.output)")
        #expect(beyond.output.contains("has 0; \"ops@example.com\" \(reason)"))
        let sides = "[defaults]\napprovals_from = [\"lead@*\"]\n"
        try bench.write(policy + sides, to: "sides.toml")
        let side = bench.run("verify", "@g.grant", "--config", "@sides.toml")
        #expect(side.output.contains("each of \"lead@*\", and has none for \"lead@*\""))
    }

    @Test func `looks at nothing that is not signed`() throws {
        let bench = try Bench()
        bench.request()
        let outcome = bench.run("verify", "@g.json")
        #expect(outcome.status == .no)
        #expect(outcome.output.hasPrefix("NO  signature  unsigned: "))
        #expect(outcome.output.split(separator: "\n").count == 2)
    }

    @Test func `notices one changed byte`() throws {
        let bench = try Bench()
        try bench.signedGrant()
        let text = String(decoding: try bench.read("g.grant"), as: UTF8.self)
        try bench.write(
            text.replacing("203.0.113.7/32", with: "203.0.113.8/32"),
            to: "changed.grant"
        )
        let outcome = bench.run("verify", "@changed.grant", "--json")
        #expect(outcome.status == .no)
        let answer = try JSONNode.parse(Array(outcome.output.utf8)).value
        #expect(answer["accepted"] == false)
        #expect(answer["checks"]?.items?.first?["finding"]?.text?.hasPrefix("tampered") == true)
    }

    @Test func `knows from the log what was used up`() throws {
        let bench = try Bench()
        try bench.signedGrant()
        let facts = GrantProvenance(
            grant: try Grant(parsing: bench.read("g.json")),
            digest: "00",
            signers: ["ops@example.com"],
            file: "/f"
        )
        let entries: [AuditEntry] = [
            .accepted(facts), .opened(facts, until: Bench.now), .closed(facts, because: .revoked),
        ]
        try bench.writeLog(entries)
        let outcome = bench.run("verify", "@g.grant")
        #expect(outcome.status == .no)
        #expect(outcome.output.contains("NO  once"))
        #expect(outcome.output.contains("this grant has ended (revoked)"))
    }

    @Test func `trusts no signers file that others could write`() throws {
        let bench = try Bench()
        try bench.signedGrant()
        _ = try bench.makeWritableByAll("allowed_signers")
        let outcome = bench.run("verify", "@g.grant")
        #expect(outcome.status == .configuration)
        #expect(outcome.errors.contains("may be written by others than its owner\n  chmod go-w"))
    }

    @Test func `says which line of the signers is wrong`() throws {
        let bench = try Bench()
        try bench.signedGrant()
        try bench.write("ops@example.com ssh-dss AAAA\n", to: "allowed_signers")
        let outcome = bench.run("verify", "@g.grant")
        #expect(outcome.status == .configuration)
        #expect(outcome.errors.contains("allowed_signers: line 1: "))
    }
}
