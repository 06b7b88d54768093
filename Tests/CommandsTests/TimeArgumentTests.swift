import Auditing
import CommandSupport
import Commands
import TestSupport
import Testing

/// Times as journalctl reads them; the bench's now is 12:00 UTC, 13:00 local, of 2026-12-01.
@Suite struct `A time on the command line` {
    /// Records a day, an hour, a minute and a second before now, and now.
    private func shown(since text: String) throws -> Bench.Outcome {
        let bench = try Bench()
        var log: [UInt8] = []
        for (number, age) in [90_000, 86_400, 3600, 60, 1, 0].enumerated() {
            log += bench.record(UInt64(number), AuditEntry(.agentStarted, "\(age)"), age: age).line
        }
        try bench.write(String(decoding: log, as: UTF8.self), to: "audit/audit.jsonl")
        return bench.run("audit", "show", "--since=\(text)", "--json")
    }

    @Test(arguments: [
        ("now", 1), ("-1s", 2), ("1 second ago", 2), ("1min ago", 3), ("-60", 3), ("-1m 1s", 3),
        ("1 hour ago", 4), ("-1h", 4), ("2 hours ago", 4), ("1 day ago", 5), ("yesterday", 6),
        ("today", 4), ("tomorrow", 0), ("+1h", 0), ("@1796126400", 1), ("@0", 6),
        ("2026-12-01", 4), ("2026-12-01 13:00", 1), ("2026-12-01 12:59:59.5", 1),
        ("2026-12-01 12:00", 4), ("2026-12-01 11:00 UTC", 4), ("13:00", 1), ("12:00:00", 4),
        ("2026-12-01T12:00:00Z", 1), ("2026-12-01T13:00:00+01:00", 1),
        ("2026-12-01T06:59:59-05:00", 2), ("1 week ago", 6), ("2h 30min ago", 4),
        ("@1796126400.0", 1), ("@1796126399.5s", 1), ("-500ms", 1), ("1.5h ago", 4),
        ("0.5s ago", 1),
        ("999999us ago", 1), ("1000000\u{B5}s ago", 2), ("-1h 30min", 4), ("1h left", 0),
        ("1 hour left", 0),
        ("12:59:59.5", 1), ("11:00 UTC", 4), ("9:05", 4), ("today UTC", 4), ("yesterday UTC", 6),
        ("tomorrow UTC", 0), ("26-12-01", 4), ("26-12-01 13:00", 1), ("2026-12-1 9:05", 4),
        (" -1h", 4),
        ("Tue 2026-12-01 13:00", 1), ("tuesday 2026-12-01", 4), ("Tue 2026-12-01 11:00 UTC", 4),
    ])
    func `is understood`(text: String, count: Int) throws {
        let outcome = try shown(since: text)
        #expect(outcome.errors.isEmpty)
        #expect(outcome.output.count { $0 == "\n" } == (count == 0 ? 1 : count + 2))
    }

    @Test(arguments: [
        "", "x", "ago", "-", "+", "1 parsec ago", "@", "@-1", "@x", "25:00", "2026-13-01",
        "2026-12-01 10", "2026-12-01 10:00 CET", "2026-12-01T10:00",
        "2026-12-01T10:00:00+0100", "2026-12-01T10:00:00+25:00", "2026-02-30",
        "-99999999999h", "1h", "noon", "Wed 2026-12-01 10:00", "Tue", "Tues 2026-12-01",
    ])
    func `is refused where it says nothing`(text: String) throws {
        let outcome = try shown(since: text)
        #expect(outcome.status == .usage)
        #expect(outcome.errors.hasPrefix("jitgate: --since: "))
    }

    @Test(arguments: [
        "2 hours ago", "-1h", "yesterday", "today", "2026-12-01", "2026-12-01 10:00", "1 week ago",
        "-90s", "@1796126400", "10:00", "2h 30min ago", "2026-12-01 10:00:00 UTC", "-1 month",
        "Tue 2026-12-01 10:00", "@1796126400.5", "-500ms", "1.5h ago", "1h left", "12:59:59.5",
        "11:00 UTC", "9:05",
        "today UTC", "26-12-01", "2026-12-1 9:05",
    ])
    func `is what journalctl takes too`(text: String) throws {
        let folder = try TemporaryDirectory()
        let result = try Command.run(["journalctl", "-D", folder.path, "--since=\(text)"])
        #expect(!result.errors.contains("Failed to parse timestamp"))
    }
}
