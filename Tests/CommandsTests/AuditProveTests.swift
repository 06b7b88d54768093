import CommandSupport
import Commands
import Foundation
import StrictJSON
import TestSupport
import Testing

@Suite struct `jitgate audit prove` {
    @Test(arguments: 0..<6)
    func `proves each record to us and to Go`(number: Int) throws {
        let audit = try AuditBench()
        let words = ["audit", "prove", "\(number)", "--log", "@audit", "-o", "@p"]
        #expect(audit.bench.run(words: words).status == .done)
        let outcome = audit.bench.run("audit", "verify-proof", "@p", "--key", audit.key)
        #expect(outcome.output.hasPrefix("verified: record \(number) of 6 of jitgate/web-1/3f0c\n"))
        #expect(outcome.output.contains("signed: 1 valid") == (1...3).contains(number))
        let bundle = try JSONNode.parse(try audit.bench.read("p")).value
        let records = try #require(bundle["records"]?.items)
        #expect(records.count == [1, 2, 3, 3, 1, 1][number])
        let go = try GoVerifier()
        for record in records {
            let files = [record["proof"]?.text ?? "", record["line"]?.text ?? ""]
            #expect(try go.run(["record", audit.key], files).status == 0)
        }
    }

    @Test func `makes nothing that still proves when it is changed`() throws {
        let audit = try AuditBench()
        let key = audit.key
        _ = audit.bench.run("audit", "prove", "2", "--log", "@audit", "-o", "@p")
        let text = try audit.bench.read("p")
        let before = try JSONNode.parse(text).value
        var random = SeededGenerator(seed: 7)
        for round in 0..<120 {
            var bytes = text
            let place = Int.random(in: 0..<bytes.count, using: &random)
            switch round % 3 {
            case 0: bytes[place] = UInt8.random(in: 0x20..<0x7F, using: &random)
            case 1: bytes.remove(at: place)
            default: bytes.removeLast(bytes.count - place)
            }
            try audit.bench.write(String(decoding: bytes, as: UTF8.self), to: "p")
            let isSame = (try? JSONNode.parse(bytes).value) == before
            let status = audit.bench.run("audit", "verify-proof", "@p", "--key", key).status
            #expect((status == .done) == isSame, "round \(round)")
        }
    }

    @Test func `says that there is no such record`() throws {
        let audit = try AuditBench(rotatingAt: 1)
        let outcome = audit.bench.run("audit", "prove", "6", "--log", "@audit")
        #expect(outcome.status == .no)
        #expect(outcome.errors.contains("there is no record 6: 6 are signed"))
        try audit.remove("audit/audit-00000000000000000000.jsonl")
        let pruned = audit.bench.run("audit", "prove", "0", "--log", "@audit", "--pruned")
        #expect(pruned.status == .no)
        #expect(pruned.errors.contains("there is no record 0 in the log: it begins with record 1"))
    }

    @Test func `is checked from the standard input, too`() throws {
        let audit = try AuditBench()
        let bundle = Array(audit.bench.run("audit", "prove", "2", "--log", "@audit").output.utf8)
        let words = ("audit", "verify-proof", "-", "--key", audit.key)
        let run = { (input: [UInt8]) in
            audit.bench.run(words.0, words.1, words.2, words.3, words.4, input: input)
        }
        #expect(run(bundle).output.contains("signed: 1 valid signature, of ops@example.com\n"))
        #expect(run(bundle.dropLast(2) + []).status == .no)
    }

    @Test func `answers a program in JSON, whatever it is asked`() throws {
        let audit = try AuditBench()
        func run(_ words: String...) throws -> (Bench.Outcome, JSONValue) {
            let outcome = audit.bench.run(words: words)
            return (outcome, try JSONNode.parse(Array(outcome.output.utf8)).value)
        }
        // The bundle is JSON: on the standard output there is nothing else.
        let (bundle, json) = try run("audit", "prove", "2", "--log", "@audit", "--json")
        #expect(json["jitgate"]?.text == "proof/1" && bundle.errors.isEmpty)
        #expect(bundle.output == audit.bench.run("audit", "prove", "2", "--log", "@audit").output)
        let (said, answer) = try run(
            "audit",
            "prove",
            "2",
            "--log",
            "@audit",
            "--json",
            "-o",
            "@p"
        )
        #expect(said.errors.isEmpty)
        #expect(answer["file"]?.text == audit.bench.path("p"))
        #expect([answer["record"], answer["records"], answer["size"]] == [2, 3, 6])
        #expect(String(decoding: try audit.bench.read("p"), as: UTF8.self) == bundle.output)
        let told = audit.bench.run("audit", "prove", "2", "--log", "@audit", "-o", "@p")
        #expect(
            told.output.isEmpty && told.errors.hasPrefix("wrote \(audit.bench.path("p")); next")
        )
        let (_, key) = try run("audit", "key", "--log", "@audit", "--json")
        #expect(key["key"]?.text == audit.key && key["origin"]?.text == "jitgate/web-1/3f0c")
        let (good, proof) = try run("audit", "verify-proof", "@p", "--key", audit.key, "--json")
        #expect(good.status == .done && proof["verified"] == true && proof["signatures"] == 1)
        #expect(proof["record"]?["JITGATE_SEQ"]?.text == "2")
        try audit.bench.write("{}", to: "p")
        let (bad, reason) = try run("audit", "verify-proof", "@p", "--key", audit.key, "--json")
        #expect(bad.status == .no && bad.errors.isEmpty && reason["verified"] == false)
        #expect(reason["text"]?.text == "it is no proof bundle")
    }

    @Test func `tells a script of a log that is not there, too`() throws {
        let bench = try AuditBench().bench
        func kind(_ words: String...) throws -> String? {
            let outcome = bench.run(words: ["audit", "verify", "--json"] + words)
            #expect(outcome.status == .noInput && outcome.errors.hasPrefix("jitgate: "))
            let json = try JSONNode.parse(Array(outcome.output.utf8)).value
            #expect(json["verified"] == false)
            return json["flaws"]?.items?.first?["kind"]?.text
        }
        #expect(try kind("--log", "@none") == "checkpoint")
        #expect(try kind("--log", "@audit", "--since-checkpoint", "@none") == "checkpoint")
        _ = try Command.run(["rm", bench.path("audit/audit.jsonl")])
        #expect(try kind("--log", "@audit") == "malformed")
        _ = try Command.run(["rm", bench.path("audit/checkpoint")])
        #expect(try kind("--log", "@audit") == "checkpoint")
    }

    @Test func `ends as sysexits says where a file cannot be read or written`() throws {
        let audit = try AuditBench()
        let bench = audit.bench
        func status(_ words: String...) -> CommandSupport.ExitStatus {
            bench.run(words: words).status
        }
        #expect(status("audit", "prove", "0", "--log", "@none") == .noInput)
        #expect(status("audit", "prove", "0", "--log", "@audit", "-o", "@no/p") == .cannotCreate)
        #expect(status("audit", "prove", "zero", "--log", "@audit") == .usage)
        #expect(status("audit", "key", "--log", "@none") == .noInput)
        #expect(status("audit", "verify", "--log", "@none") == .noInput)
        #expect(status("audit", "verify", "--log", "@audit", "--state", "@none") == .noInput)
        #expect(status("audit", "verify", "--log", "@audit", "--key", "bogus") == .usage)
        #expect(
            status("audit", "verify", "--log", "@audit", "--since-checkpoint", "@none") == .noInput
        )
        #expect(status("audit", "verify-proof", "@none", "--key", audit.key) == .noInput)
        #expect(status("audit", "verify-proof", "@none") == .usage)
    }
}
