import Auditing
import CommandSupport
import Commands
import Recording
import TestSupport
import Testing
import Transparency

@Suite struct `jitgate audit report` {
    private func bench() throws -> Bench {
        // What the policy says now is not what was in force.
        let bench = try Bench(policy: "trusted = [\"10.99.0.0/24\"]\n")
        let fields: [AuditField: [String]] = [
            .grant: ["0b8a2f6e-5c1d-4f0e-9a43-2f1f6f0c7d11"], .requestor: ["dana"],
            .signers: ["ops@example.com"], .ports: ["22/tcp"], .sources: ["203.0.113.7/32"],
            .deadline: ["2026-12-01T14:00:00Z"],
        ]
        try bench.writeLog([
            AuditEntry(
                .policyLoaded,
                "Policy loaded",
                fields: [
                    .policyDigest: ["1"], .mode: ["enforce"],
                    .evidence: ["mode = \"enforce\"\ntrusted = [\"10.20.0.0/24\"]\n"],
                ]
            ),
            AuditEntry(.agentStarted, "The agent runs"),
            AuditEntry(.grantOpened, "Opened", fields: fields),
        ])
        return bench
    }

    @Test func `writes one file, for its owner alone`() throws {
        let bench = try bench()
        let outcome = bench.run("audit", "report", "--from", "-1h", "--to", "+1h", "-o", "@r.html")
        #expect(outcome.status == .done)
        #expect(outcome.errors.hasSuffix("r.html: 1 opening\n"))
        let html = String(decoding: try bench.read("r.html"), as: UTF8.self)
        #expect(html.hasPrefix("<!DOCTYPE html>\n<html lang=\"en\">"))
        #expect(html.contains("10.20.0.0/24 was never denied") && !html.contains("10.99"))
        #expect(html.contains("Log not verified"))
        let mode = try Command.run(["stat", "-c", "%a", bench.path("r.html")]).text
        #expect(mode == "600\n")
    }

    @Test func `prints it, or counts in JSON, and shows a broken record as what it is`() throws {
        let bench = try bench()
        let log = String(decoding: try bench.read("audit/audit.jsonl"), as: UTF8.self)
        try bench.write(log + "{<b>\n", to: "audit/audit.jsonl")
        let printed = bench.run("audit", "report", "--from", "today", "--to", "tomorrow")
        #expect(printed.output.hasSuffix("</html>\n"))
        #expect(printed.output.contains("audit.jsonl: the line behind record 2: line 1, column 2"))
        let counted = bench.run(
            "audit",
            "report",
            "--from=today",
            "--to=tomorrow",
            "-o",
            "@r.html",
            "--json"
        )
        #expect(counted.output.contains("\"openings\": 1"))
        #expect(counted.output.contains("\"records\": 3"))
    }

    @Test func `says whether the log is intact`() throws {
        let bench = try Bench()
        _ = try Command.run(["mkdir", "-m", "700", bench.path("state")])
        let places = LogPlaces(
            log: bench.path("audit"),
            state: bench.path("state"),
            origin: AuditKey.origin(hostname: "web-1", machineID: "3f0c")
        )
        do {
            let rule = RotationRule(size: 400, age: .seconds(1 << 40), retention: nil)
            var log = try AuditLog.open(places, rotation: rule)
            for number in 0..<4 {
                let entry = AuditEntry(.clockStepped, "Step \(number)")
                try log.append([bench.record(log.logState.nextSequence, entry)])
            }
        }
        let words = [
            "audit", "report", "--from", "today", "--to", "tomorrow", "--log", "@audit", "--state",
            "@state",
        ]
        let good = bench.run(words: words)
        #expect(good.status == .done && good.errors.isEmpty)
        #expect(good.output.contains("Log verified"))
        #expect(good.output.contains("4 records as signed, none missing, none changed."))
        #expect(good.output.contains("jitgate/web-1/3f0c"))
        // Of every segment.
        for number in 0..<4 { #expect(good.output.contains("Step \(number)")) }
        let log = String(decoding: try bench.read("audit/audit.jsonl"), as: UTF8.self)
        try bench.write(log.replacing("Step 3", with: "Stop 3"), to: "audit/audit.jsonl")
        let bad = bench.run(words: words)
        #expect(bad.status == .no)
        #expect(bad.errors == "the log is NOT intact: see jitgate audit verify\n")
        #expect(bad.output.contains("Log NOT intact"))
        // Records in another order.
        let swap = ["audit/audit.jsonl", "audit/audit-00000000000000000000.jsonl"]
        let texts = try swap.map { String(decoding: try bench.read($0), as: UTF8.self) }
        for (name, text) in zip(swap, texts.reversed()) { try bench.write(text, to: name) }
        #expect(bench.run(words: words).output.contains("<code>0 to 3</code>"))
        for (name, text) in zip(swap, texts) { try bench.write(text, to: name) }
        let note = String(decoding: try bench.read("audit/checkpoint"), as: UTF8.self)
        try bench.write(note.replacing("\n4\n", with: "\n3\n"), to: "audit/checkpoint")
        let wrong = bench.run(words: words)
        #expect(wrong.status == .no && wrong.output.contains("Log NOT intact"))
        #expect(wrong.errors.hasPrefix("the log is NOT intact: "))
        _ = try Command.run(["rm", bench.path("audit/checkpoint")])
        let none = bench.run(words: words)
        #expect(none.status == .done && none.output.contains("Log not verified"))
    }

    @Test func `tells nothing of what is yet to come`() throws {
        let bench = try bench()
        let stopped = bench.record(3, AuditEntry(.agentStopped, "Stops"), age: 0).line
        let log = String(decoding: try bench.read("audit/audit.jsonl") + stopped, as: UTF8.self)
        try bench.write(log, to: "audit/audit.jsonl")
        let html = bench.run("audit", "report", "--from=today", "--to=tomorrow").output
        #expect(html.contains("<b>open</b><small>until 2026-12-01 14:00:00</small>"))
        #expect(!html.contains("no record of its end") && !html.contains("2026-12-02"))
        // It is noon, and the last record is of two seconds later.
        #expect(html.contains("datetime=\"2026-12-01T12:00:02.000001Z\">"))
    }

    @Test func `is of the whole log without a beginning`() throws {
        let bench = try bench()
        let early = bench.record(0, AuditEntry(.clockStepped, "Long ago"), age: 40 * 86_400).line
        let log = String(decoding: early + (try bench.read("audit/audit.jsonl")), as: UTF8.self)
        try bench.write(log, to: "audit/audit.jsonl")
        let html = bench.run("audit", "report").output
        #expect(html.contains("Long ago"))
        #expect(html.contains("22/tcp"))
    }

    @Test func `says that there is no log`() throws {
        #expect(try Bench().run("audit", "report", "--from", "today").status == .noInput)
    }
}
