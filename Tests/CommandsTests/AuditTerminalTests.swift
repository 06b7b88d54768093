import Auditing
import CommandSupport
import Foundation
import Recording
import TestSupport
import Testing

/// The built program, with its standard error on a terminal and elsewhere.
@Suite struct `The progress of jitgate audit verify` {
    /// Runs a program whose standard error is a terminal; prints what came there.
    private static let terminal = """
        import os, pty, subprocess, sys
        ours, theirs = pty.openpty()
        child = subprocess.Popen(sys.argv[1:], stderr=theirs, stdout=sys.stderr)
        os.close(theirs)
        try:
            while data := os.read(ours, 65536):
                sys.stdout.buffer.write(data)
        except OSError:
            pass
        sys.exit(child.wait())
        """

    /// A log that nobody changes: it takes seconds to make one of 16,000 records.
    private static let audit = Result {
        let audit = try AuditBench()
        var log = try audit.open()
        let entry = AuditEntry(.attemptDenied, "Denied")
        try log.append((6..<16_000).map { audit.bench.record($0, entry) })
        return audit
    }

    private func verifying(_ log: String) -> [String] {
        [AgentHost.build + "jitgate", "audit", "verify", "--log", log]
    }

    private var words: [String] {
        get throws { try verifying(Self.audit.get().bench.path("audit")) }
    }

    @Test func `is a bar on a terminal that grows to 100 % and leaves nothing behind`() throws {
        let result = try Command.run(["python3", "-c", Self.terminal] + words)
        #expect(result.status == 0)
        #expect(result.errors.hasPrefix("verified: 16000 records"))
        let begin = "\r\u{1B}[K"
        #expect(result.text.hasPrefix(begin + "###....... 31 %, 5000 records" + begin))
        #expect(result.text.hasSuffix(begin + "########## 100 %, 16000 records" + begin))
        // A narrow terminal breaks no line, which it would then not erase, with a thousand million either.
        let widths = result.text.components(separatedBy: begin).map(\.count)
        #expect(widths.allSatisfy { $0 + "000000".count < 40 })
        let parts = result.text.components(separatedBy: begin).compactMap { part in
            part.components(separatedBy: " %").first.flatMap { Int($0.drop { "#. ".contains($0) }) }
        }
        #expect(parts == [31, 62, 93, 100])
    }

    @Test func `is not full where the log is not`() throws {
        let copy = try TemporaryDirectory()
        let log = try Self.audit.get().bench.path("audit")
        _ = try Command.run(["cp", "-r", log, copy.path])
        _ = try Command.run(["sed", "-i", "$d", copy.path + "/audit/audit.jsonl"])
        let words = verifying(copy.path + "/audit")
        let result = try Command.run(["python3", "-c", Self.terminal] + words)
        #expect(result.status == 1)
        #expect(!result.text.contains("100 %") && result.text.hasSuffix("\r\u{1B}[K"))
    }

    @Test func `is nowhere else`() throws {
        let result = try Command.run(words)
        #expect(result.status == 0)
        #expect(result.errors.isEmpty)
        #expect(!result.text.contains("%") && !result.text.contains("\u{1B}"))
    }
}
