import CommandSupport
import Commands
import Glibc
import Signatures
import StrictJSON
import TestSupport
import Testing

@Suite struct `jitgate sign` {
    private func verifier(_ bench: Bench) throws -> SignatureVerifier {
        SignatureVerifier(
            allowedSigners: try AllowedSigners(parsing: bench.read("allowed_signers"))
        )
    }

    @Test func `makes a file that an allowed signer signed`() throws {
        let bench = try Bench()
        bench.request()
        let outcome = bench.run("sign", "@g.json", "--key", bench.approver.privateFile)
        #expect(outcome.status == .done)
        let signed = try verifier(bench).verify(bench.read("g.grant"), at: Bench.now)
        #expect(signed.bytes == (try bench.read("g.json")))
        #expect(signed.namespaces == [.grant])
        #expect(signed.approvals.map(\.principal) == ["ops@example.com"])
    }

    @Test func `shows what is signed before it is`() throws {
        let bench = try Bench()
        bench.request()
        let outcome = bench.run("sign", "@g.json", "--key", bench.approver.privateFile)
        #expect(
            outcome.errors.hasPrefix(
                """
                  lets dana in from 203.0.113.7/32 to 22/tcp
                  on web-1
                  for 2h, until 2026-12-01T15:00:00Z at the latest
                  because disk full
                """
            )
        )
    }

    @Test func `adds an approval over the same bytes`() throws {
        let bench = try Bench()
        try bench.signedGrant()
        let before = try bench.read("g.grant")
        let outcome = bench.run("sign", "@g.grant", "--key", bench.second.privateFile, "--json")
        #expect(outcome.status == .done)
        let answer = try JSONNode.parse(Array(outcome.output.utf8)).value
        #expect(answer["signatures"] == 2)
        let after = try bench.read("g.grant")
        #expect(after.starts(with: before))
        let signed = try verifier(bench).verify(after, at: Bench.now)
        #expect(signed.approvals.map(\.principal) == ["ops@example.com", "lead@example.com"])
        #expect(signed.bytes == (try bench.read("g.json")))
    }

    /// A bench whose policy wants a separate requestor, and whose first signer may ask.
    private func separateBench() throws -> Bench {
        let bench = try Bench()
        try bench.editPolicy { $0 + "[defaults]\nseparate_requestor = true\n" }
        let lines = try [
            "ops@example.com,dana namespaces=\"jitgate-*\" \(bench.approver.publicLine)",
            "lead@example.com \(bench.second.publicLine)", "",
        ]
        try bench.write(lines.joined(separator: "\n"), to: "allowed_signers")
        return bench
    }

    @Test func `signs as the requestor, which approves nothing, and then somebody approves`() throws
    {
        let bench = try separateBench()
        bench.request()
        let words = ["sign", "@g.json", "--as-requestor", "--key", bench.approver.privateFile]
        let asked = bench.run(words: words)
        #expect(asked.status == .done)
        #expect(
            asked.errors.hasSuffix(
                "signed as the requestor with \(bench.approver.privateFile): \(bench.path("g.grant"))\n"
            )
        )
        let alone = bench.run("verify", "@g.grant")
        #expect(alone.status == .no)
        #expect(alone.output.contains(": asks as the requestor\n"))
        #expect(alone.output.contains("22/tcp needs 1 signers and this has 0"))
        _ = bench.run("sign", "@g.grant", "--key", bench.second.privateFile)
        let both = bench.run("verify", "@g.grant")
        #expect(both.status == .done, "\(both.output)")
        #expect(both.output.contains(": approves\n"))
        let signed = try verifier(bench).verify(bench.read("g.grant"), at: Bench.now)
        #expect(signed.requests.map(\.principal) == ["ops@example.com"])
        #expect(signed.approvals.map(\.principal) == ["lead@example.com"])
    }

    @Test func `says when a signature will not count for what it is meant`() throws {
        let bench = try separateBench()
        bench.request()
        let own = bench.run("sign", "@g.json", "--key", bench.approver.privateFile)
        #expect(
            own.errors.contains(
                "you are the requestor, and by the policy here (separate_requestor) this approves nothing"
            )
        )
        let verified = bench.run("verify", "@g.grant")
        #expect(verified.output.contains("does not count, as the requestor cannot approve"))
        #expect(
            verified.output.contains(
                "have \"dana\" sign the same bytes: `jitgate sign --as-requestor`"
            )
        )
        bench.request(["--for", "2h", "--requestor", "eve"])
        let words = [
            "sign", "@g.json", "--as-requestor", "-o", "@e.grant", "--key",
            bench.approver.privateFile,
        ]
        let foreign = bench.run(words: words)
        #expect(
            foreign.errors.contains(
                "the requestor is \"eve\", and this key is of \"ops@example.com\""
            )
        )
        _ = bench.run("sign", "@e.grant", "--key", bench.second.privateFile)
        let refused = bench.run("verify", "@e.grant")
        #expect(refused.status == .no)
        #expect(refused.output.contains("the one of \"ops@example.com\" is not by \"eve\""))
    }

    @Test func `signs no revocation as the requestor that is wider than ids`() throws {
        let bench = try Bench()
        let text = """
            {"jitgate": "revocation/1", "requestors": ["dana"],
             "hosts": ["web-1"], "reason": "over"}

            """
        let words = ["sign", "-", "--as-requestor", "--key", bench.approver.privateFile]
        let outcome = bench.run(words: words, in: .init(input: Array(text.utf8)))
        #expect(outcome.status == .usage && outcome.output.isEmpty)
    }

    @Test func `signs a revocation for its own namespace`() throws {
        let bench = try Bench()
        let revocation = """
            {"jitgate": "revocation/1", "ids": ["0b8a2f6e-5c1d-4f0e-9a43-2f1f6f0c7d11"],
             "hosts": ["web-1"], "reason": "over"}

            """
        let outcome = bench.run(
            "sign",
            "-",
            "--key",
            bench.approver.privateFile,
            input: Array(revocation.utf8)
        )
        let signed = try verifier(bench).verify(Array(outcome.output.utf8), at: Bench.now)
        #expect(signed.namespaces == [.revocation])
    }

    @Test func `signs with a key that only the agent holds`() throws {
        let bench = try Bench()
        bench.request()
        // The agent inherits a mask in which Dispatch's threads block SIGTERM.
        let script = """
            eval $(ssh-agent -a "$1.agent") >/dev/null
            ssh-add -q "$1" && rm "$1" "$1.pub" && shift && "$@"
            status=$?
            kill -KILL $SSH_AGENT_PID
            exit $status
            """
        let copy = bench.path("key")
        _ = try Command.run(["cp", bench.approver.privateFile, copy])
        _ = try Command.run(["cp", bench.approver.privateFile + ".pub", copy + ".pub"])
        let result = try Command.run([
            "sh", "-c", script, "sh", copy, try Self.tool(), "sign", bench.path("g.json"),
        ])
        #expect(result.status == 0, "\(result.errors)")
        let signed = try verifier(bench).verify(bench.read("g.grant"), at: Bench.now)
        #expect(signed.approvals.map(\.principal) == ["ops@example.com"])
    }

    @Test func `takes no other file's place unasked`() throws {
        let bench = try Bench()
        try bench.signedGrant()
        let before = try bench.read("g.grant")
        let outcome = bench.run("sign", "@g.json", "--key", bench.second.privateFile)
        #expect(outcome.status == .cannotCreate)
        #expect(try bench.read("g.grant") == before)
    }

    @Test(arguments: [
        ("{}", "does not end with a line feed"),
        ("{}\n", "this field is required"),
        ("{\"jitgate\": \"grant/1\", \"idd\": 1}\n", "no such field"),
        ("{\"jitgate\": \"grant/2\"}\n", "not \"grant/2\""),
    ])
    func `refuses what the agent would refuse`(text: String, message: String) throws {
        let bench = try Bench()
        try bench.write(text, to: "bad.json")
        let outcome = bench.run("sign", "@bad.json", "--key", bench.approver.privateFile)
        #expect(outcome.status == .no)
        #expect(outcome.errors.contains(message), "\(outcome.errors)")
        #expect(try !bench.names(in: ".").contains("bad.grant"))
    }

    @Test func `says which file is not there`() throws {
        let bench = try Bench()
        #expect(bench.run("sign", "@none.json").status == .noInput)
        bench.request()
        let outcome = bench.run("sign", "@g.json", "--key", "@none")
        #expect(outcome.status == .no)
        #expect(outcome.errors.contains("ssh-keygen did not sign with"))
        #expect(bench.run("sign", "@g.json").status == .noInput)
    }

    /// The built program beside the one that runs the tests.
    private static func tool() throws -> String {
        let own = try Command.run(["readlink", "/proc/\(getpid())/exe"]).text
        return own.split(separator: "/").dropLast().reduce("") { "\($0)/\($1)" } + "/jitgate"
    }
}
