import Auditing
import CommandSupport
import Commands
import Grants
import StrictJSON
import TestSupport
import Testing

@Suite struct `jitgate audit show` {
    private static let entries = [
        AuditEntry(.agentStarted, "The agent runs"),
        AuditEntry(
            .grantRefused,
            "Refused \u{1B}[2J\u{202E}",
            fields: [.file: ["/f"], .reason: ["stranger: why"]]
        ),
        AuditEntry(
            .grantOpened,
            "Opened",
            fields: [
                .grant: ["0b8a2f6e-5c1d-4f0e-9a43-2f1f6f0c7d11"], .requestor: ["dana"],
                .signers: ["ops@example.com", "lead@example.com"], .ports: ["22/tcp"],
                .sources: ["hostile", "203.0.113.7/32", "2001:db8:1::/56"],
            ]
        ),
        AuditEntry(.attemptDenied, "Denied", fields: [.peer: ["203.0.113.7:50432"]]),
        AuditEntry(.attemptDenied, "Denied", fields: [.peer: ["[2001:db8:1:ff::1]:50432"]]),
    ]

    private func bench() throws -> Bench {
        let bench = try Bench()
        try bench.writeLog(Self.entries)
        return bench
    }

    @Test func `prints a short line a record, with nothing in it that a terminal acts on`() throws {
        #expect(
            try bench().run("audit", "show").output == """
                2026-12-01T12:00:00Z  agent-started    The agent runs
                2026-12-01T12:00:01Z  grant-refused    Refused \\u{1b}[2J\\u{202e}
                2026-12-01T12:00:02Z  grant-opened     Opened
                2026-12-01T12:00:03Z  attempt-denied   Denied
                2026-12-01T12:00:04Z  attempt-denied   Denied

                """
        )
    }

    @Test(arguments: [
        (["--event", "grant-refused"], [1]),
        (["--grant", "0B8A2F6E-5c1d-4f0e-9a43-2f1f6f0c7d11"], [2]),
        (["--since", "2026-12-01T12:00:01Z"], [1, 2, 3, 4]),
        (["--until", "2026-12-01T12:00:01Z"], [0]),
        (["--since", "2026-12-01T12:00:01Z", "--until", "2026-12-01T12:00:02Z"], [1]),
        (["-n", "2"], [3, 4]), (["-n", "0"], []), (["-n", "9"], [0, 1, 2, 3, 4]),
        (["-n", "\(Int.max)"], [0, 1, 2, 3, 4]),
        (["-n", "1", "--event", "agent-started"], [0]), (["-r"], [4, 3, 2, 1, 0]),
        (["--event", "agent-started", "--event", "grant-refused", "-r", "-n1"], [1]),
        (["--requestor", "dana"], [2]), (["--requestor", "dan"], []),
        (["--signer", "ops@example.com"], [2]), (["--signer", "ops"], []),
        (["--signer", "ops", "--signer", "lead@example.com"], [2]),
        (["--source", "203.0.113.0/24"], [2, 3]), (["--source", "203.0.113.7"], [2, 3]),
        (["--source", "203.0.113.8"], []), (["--source", "0.0.0.0/0"], [2, 3]),
        (["--source", "2001:db8:1::/48"], [2, 4]), (["--source", "2001:db8::/32"], [2, 4]),
        (["--port", "22/tcp"], [2]), (["--port", "22/udp"], []),
        (["--port", "22/tcp", "--requestor", "eve"], []),
    ])
    func `shows what is asked for`(options: [String], numbers: [Int]) throws {
        let outcome = try bench().run(words: ["audit", "show", "--json"] + options)
        let records = try #require(JSONNode.parse(Array(outcome.output.utf8)).value.items)
        #expect(records.map { $0["JITGATE_SEQ"]?.text } == numbers.map(String.init))
    }

    @Test func `leaves out a torn last line and says where a record is broken`() throws {
        let bench = try bench()
        let log = String(decoding: try bench.read("audit/audit.jsonl"), as: UTF8.self)
        try bench.write(log + "{\"JITGATE_SEQ\": \"3", to: "audit/audit.jsonl")
        #expect(bench.run("audit", "show", "-n", "1").output.contains("12:00:04Z"))
        try bench.write("{}\n{broken\n" + log, to: "audit/audit.jsonl")
        let outcome = bench.run("audit", "show")
        #expect(outcome.status == .no)
        #expect(outcome.errors.contains("audit.jsonl: line 2 is broken: line 1, column 2"))
        // With several files a number of lines says little.
        try bench.write(log + "{broken\n", to: "audit/audit.jsonl")
        #expect(bench.run("audit", "show").errors.contains("the line behind record 4 is broken"))
    }

    @Test func `reads complete segments before the newest file`() throws {
        let bench = try bench()
        let lines = String(decoding: try bench.read("audit/audit.jsonl"), as: UTF8.self)
            .split(separator: "\n").map { $0 + "\n" }
        for (name, some) in [("00", lines[..<2]), ("02", lines[2..<3])] {
            try bench.write(some.joined(), to: "audit/audit-000000000000000000\(name).jsonl")
        }
        try bench.write(lines[3...].joined(), to: "audit/audit.jsonl")
        let outcome = bench.run("audit", "show", "--json", "-r")
        let records = try #require(JSONNode.parse(Array(outcome.output.utf8)).value.items)
        #expect(records.map { $0["JITGATE_SEQ"]?.text } == ["4", "3", "2", "1", "0"])
        // Which of them it is that cannot be read.
        let second = "audit/audit-00000000000000000002.jsonl"
        _ = try Command.run(["rm", bench.path(second)])
        _ = try Command.run(["mkdir", bench.path(second)])
        let failed = bench.run("audit", "show")
        #expect(failed.status == .inputOutput)
        #expect(failed.errors == "jitgate: \(bench.path(second)): Is a directory\n")
    }

    @Test func `shows a record with as large a policy as the agent takes`() throws {
        let bench = try Bench()
        let text = String(repeating: "# \"quoted\" \\\n", count: 75_000)
        let fields: [AuditField: [String]] = [.evidence: [text], .fallback: [text]]
        let entry = AuditEntry(.policyLoaded, "Policy loaded", fields: fields)
        try bench.writeLog([entry])
        for options in [["--json"], ["-n", "1", "--json"]] {
            let outcome = bench.run(words: ["audit", "show"] + options)
            #expect(outcome.status == .done && outcome.output.utf8.count > 2_000_000)
        }
        // Also one that a later version wrote.
        let line = bench.record(0, entry).line
        let later = Array("{\"JITGATE_LATER\":\"\",".utf8) + line.dropFirst()
        #expect(try Record(parsing: later) == bench.record(0, entry))
    }

    @Test func `shows a copy on a machine without a policy`() throws {
        let bench = try bench()
        let shown = bench.run("audit", "show").output
        let words = ["audit", "show", "--config", "@none", "--log", "@audit"]
        #expect(bench.run(words: words).output == shown)
        let outcome = bench.run(words: words + ["-f"])
        #expect(outcome.status == .usage && outcome.errors.contains("takes no --log"))
    }

    @Test func `shows an event that it does not know`() throws {
        let bench = try Bench()
        try bench.write(
            "{\"JITGATE_EVENT\":\"x-new\",\"MESSAGE\":\"m\"}\n",
            to: "audit/audit.jsonl"
        )
        #expect(bench.run("audit", "show").output == "?  x-new            m\n")
    }

    @Test func `says that there is no log or no such event`() throws {
        let bench = try Bench()
        #expect(bench.run("audit", "show").status == .noInput)
        let turned = bench.run("audit", "show", "--since", "now", "--until", "-1s")
        #expect(turned.status == .usage)
        #expect(turned.errors == "jitgate: --since has to be before --until\n")
        let outcome = bench.run("audit", "show", "--event", "granted")
        #expect(outcome.status == .usage)
        #expect(outcome.errors.contains("no such event; there are agent-started, "))
    }
}

extension Bench {
    /// An audit log with these entries, one a second.
    func writeLog(_ entries: [AuditEntry]) throws {
        var log: [UInt8] = []
        for (number, entry) in entries.enumerated() {
            log += record(UInt64(number), entry).line
        }
        try write(String(decoding: log, as: UTF8.self), to: "audit/audit.jsonl")
    }

    /// A record of now and as many seconds later as its number says, or of `age` seconds ago.
    func record(_ number: UInt64, _ entry: AuditEntry, age: Int? = nil) -> Record {
        Record(
            sequence: number,
            stamp: RecordStamp(
                realtime: Bench.now + .seconds(age.map { -$0 } ?? Int(number)),
                boot: Int64(number),
                bootID: String(repeating: "a", count: 32),
                machineID: String(repeating: "b", count: 32),
                hostname: "web-1"
            ),
            entry: entry
        )
    }

    func makeWritableByAll(_ name: String) throws -> Command.Result {
        try Command.run(["chmod", "666", path(name)])
    }
}
