import CommandSupport
import Foundation
import Grants
import StrictJSON
import TestSupport
import Testing

/// docs/VERIFYING.md, whose shell is run as it stands there.
@Suite struct `The page on verifying without jitgate` {
    private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().path

    /// Its blocks of shell, in order.
    private func blocks() throws -> [String] {
        let text = try String(contentsOfFile: Self.root + "/docs/VERIFYING.md", encoding: .utf8)
        var blocks: [[Substring]] = [[]]
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            if line.hasPrefix("    ") {
                blocks[blocks.count - 1].append(line.dropFirst(4))
            } else if blocks.last?.isEmpty == false {
                blocks.append([])
            }
        }
        return blocks.filter { !$0.isEmpty }.map { $0.joined(separator: "\n") }
    }

    /// Runs all of them in one shell, which says of each what it printed.
    private func run(_ audit: AuditBench, proving number: Int) throws -> Command.Result {
        let grant = try JSONNode.parse(try audit.bench.read("g.json")).value
        let words = try [
            ("/var/log/jitgate", audit.bench.path("audit")), ("PRINCIPAL", "ops@example.com"),
            ("\"ID\"", "\"\(#require(grant["id"]?.text))\""), ("1234", "\(number)"),
            ("docs/verifying", Self.root + "/docs/verifying"),
        ]
        var script = """
            set -euo pipefail
            sudo() { "$@"; }
            jitgate() { \(AgentHost.build)jitgate "$@"; }

            """
        for block in try blocks() {
            let ours = words.reduce(block) { $0.replacing($1.0, with: $1.1) }
            script += ours + "\n"
        }
        try audit.bench.write(script, to: "page.sh")
        return try Command.run(
            ["bash", "-c", "mkdir \"$1/work\" && cd \"$1/work\" && bash ../page.sh", "bash"]
                + [audit.bench.directory.path],
            environment: [
                "JITGATE_CONFIG": audit.bench.path("jitgate.toml"), "GO111MODULE": "off",
                "GOPATH": "/usr/share/gocode",
            ]
        )
    }

    @Test(arguments: [1 << 40, 1])
    func `can be followed line by line, whether the log is in one file or in many`(
        rotation: Int64
    ) throws {
        let audit = try AuditBench(rotatingAt: rotation)
        #expect(try (audit.segments() > 0) == (rotation == 1))
        let result = try run(audit, proving: 2)
        #expect(result.status == 0, "\(result.errors)")
        // The program's own word on the bundle, and nothing that went wrong.
        #expect(result.errors.split(separator: "\n").allSatisfy { $0.hasPrefix("wrote 2.proof") })
        let said = result.text.split(separator: "\n").map(String.init)
        // The whole log, and once more by the checkpoint that was kept.
        #expect(said.count { $0 == "verified: 6 records" } == 2)
        #expect(said.contains("verified: record 2 of 6"))
        // The hash of a leaf by hand is the one that is kept.
        let leaf = try #require(said.first { $0.hasSuffix("  -") }).dropLast(3)
        #expect(said.contains(String(leaf)))
        #expect(said.contains("g.grant: OK"))
        let good = "Good \"jitgate-grant\" signature for ops@example.com with ED25519 key "
        #expect(said.count { $0.hasPrefix(good) } == 2)
    }

    @Test func `shows where a log, a record or a grant is not what was signed`() throws {
        let audit = try AuditBench()
        let lines = try audit.lines()
        for (number, text) in [(1, "dana"), (2, "dana"), (4, "Denied")] {
            var forged = lines
            forged[number] = lines[number].replacing(text, with: "mallory")
            #expect(forged != lines)
            try audit.write(forged)
            let result = try run(audit, proving: 0)
            #expect(result.status != 0 && result.errors.contains("NOT VERIFIED: "))
            _ = try Command.run(["rm", "-r", audit.bench.path("work")])
        }
    }
}
