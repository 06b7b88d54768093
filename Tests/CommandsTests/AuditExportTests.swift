import Auditing
import CommandSupport
import Foundation
import StrictJSON
import TestSupport
import Testing

@Suite struct `Records for other programs` {
    private static let hostile = [
        "=HYPERLINK(\"http://x\")", "+1", "-1", "@SUM(A1)", "  =1", "\t=1", "a,b", "say \"x\"",
        "two\nlines", "\r\n=1", "\u{1B}[2J", "ü", "",
    ]

    private func bench() throws -> Bench {
        let bench = try Bench()
        try bench.writeLog(
            Self.hostile.map { AuditEntry(.grantRefused, $0, fields: [.reason: [$0, "b"]]) }
        )
        return bench
    }

    @Test func `are read back by a CSV reader, and none is a formula`() throws {
        let output = try bench().run("audit", "show", "--csv").output
        let script = """
            import csv, json, sys
            data = sys.stdin.buffer.read().decode()
            print(json.dumps(list(csv.DictReader(data.splitlines(keepends=True), strict=True))))
            """
        let result = try Command.run(["python3", "-c", script], input: Array(output.utf8))
        let rows = try #require(
            JSONSerialization.jsonObject(with: Data(result.output)) as? [[String: String]]
        )
        #expect(rows.count == Self.hostile.count)
        for (row, text) in zip(rows, Self.hostile) {
            let message = try #require(row["MESSAGE"])
            #expect(
                message.trimmingCharacters(in: .whitespaces).first.map { !"=+-@".contains($0) }
                    ?? true
            )
            #expect(!message.contains("\u{1B}") && !message.contains("\t"))
            if text.allSatisfy(\.isLetter) { #expect(message == text) }
            #expect(row["TIME"]?.hasPrefix("2026-12-01T12:00:") == true)
        }
        #expect(output.split(separator: "\r\n").count >= rows.count)
        // Whole files are in no cell.
        let files = rows.flatMap(\.keys).filter {
            $0.contains("EVIDENCE") || $0.contains("FALLBACK")
        }
        #expect(files.isEmpty)
    }

    @Test func `are imported by systemd-journal-remote, field by field`() throws {
        let bench = try bench()
        let exported = bench.run("audit", "show", "--export").output
        let journal = bench.path("jitgate.journal")
        let remote = try Command.run(
            ["/lib/systemd/systemd-journal-remote", "-o", journal, "-"],
            input: Array(exported.utf8)
        )
        #expect(remote.status == 0, "\(remote.errors)")
        let listed = try Command.run(
            ["journalctl", "--file", journal, "-o", "json", "--all", "--no-pager"]
        )
        let entries = try listed.output.split(separator: UInt8(ascii: "\n"))
            .map { try JSONNode.parse(Array($0)).value }
        let log = try bench.read("audit/audit.jsonl").split(separator: UInt8(ascii: "\n"))
            .map { try JSONNode.parse(Array($0)).value }
        #expect(entries.count == log.count)
        for (entry, record) in zip(entries, log) {
            guard case .object(let members) = record else { continue }
            for name in members.map(\.name) {
                #expect(
                    Journald.values(name, of: entry).sorted()
                        == Journald.values(name, of: record).sorted(),
                    "\(name)"
                )
            }
        }
    }

    @Test func `smuggle no field by its name`() throws {
        let bench = try Bench()
        try bench.write(
            "{\"MESSAGE\":\"m\",\"A\\nJITGATE_GRANT=x\\nB\":\"y\",\"lower\":\"z\"}\n",
            to: "audit/audit.jsonl"
        )
        #expect(bench.run("audit", "show", "--export").output == "MESSAGE=m\n\n")
    }
}
