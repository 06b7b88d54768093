import Auditing
import CommandSupport
import Commands
import Foundation
import Recording
import Synchronization
import TestSupport
import Testing

/// An agent's way of writing a log: lines, leaves, some time for the kernel, checkpoint, copies.
private final class Writer: Sendable {
    private let isOver = Mutex(false)
    private let failure = Mutex<String?>(nil)
    private let done = DispatchGroup()

    init(_ audit: AuditBench, count: Int) throws {
        let grants = try (0..<8).map { _ in try audit.moreGrantEntries() }
        done.enter()
        Thread { [self] in
            do {
                var log = try audit.open()
                for number in 0..<count {
                    let next = log.logState.nextSequence
                    let entries = number < 8 ? grants[number] : Self.policyEntries(number)
                    let records = entries.enumerated().map {
                        audit.bench.record(next + UInt64($0), $1)
                    }
                    try log.write(records)
                    usleep(UInt32(number % 5) * 1000)
                    log.sign()
                    usleep(UInt32(number % 3) * 1000)
                    log.keepEvidence(atMost: .max)
                }
            } catch {
                failure.withLock { $0 = "\(error)" }
            }
            isOver.withLock { $0 = true }
            done.leave()
        }.start()
    }

    /// Three records, the first with evidence of its own that nobody has to sign.
    private static func policyEntries(_ number: Int) -> [AuditEntry] {
        let text = "mode = \"enforce\"\n# \(number)" + String(repeating: "#", count: 2000) + "\n"
        let digest = EvidenceFile.digest(of: Array(text.utf8))
        let fields: [AuditField: [String]] = [.policyDigest: [digest], .evidence: [text]]
        let denied = AuditEntry(.attemptDenied, "Denied")
        return [AuditEntry(.policyLoaded, "Policy loaded", fields: fields), denied, denied]
    }

    var isWriting: Bool { isOver.withLock { !$0 } }

    /// Waits for the end; answers what went wrong.
    func end() -> String? {
        done.wait()
        return failure.withLock { $0 }
    }
}

@Suite struct `A log that grows while it is verified` {
    @Test func `is always what was signed, over every rotation`() throws {
        let audit = try AuditBench(rotatingAt: 60_000)
        let writer = try Writer(audit, count: 500)
        var runs = 0
        var sizes: Set<String> = []
        while writer.isWriting {
            let outcome = audit.verify(patience: .seconds(30))
            #expect(outcome.status == .done, "\(outcome.output)\(outcome.errors)")
            sizes.insert(outcome.output.split(separator: "\n").first.map(String.init) ?? "")
            runs += 1
        }
        #expect(writer.end() == nil)
        #expect(runs > 5 && sizes.count > 5)
        #expect(audit.verify().output.hasPrefix("verified: 1506 records, "))
        #expect(try audit.segments() > 5)
    }

    @Test func `without leaves is what was signed, too`() throws {
        let audit = try AuditBench()
        let writer = try Writer(audit, count: 600)
        try eventually { try audit.lines().count > 6 }
        try audit.remove("audit/audit.leaves")
        while writer.isWriting {
            let flaws = try audit.flaws(patience: .seconds(1))
            #expect(flaws == ["leaves -1"])
        }
        #expect(writer.end() == nil)
    }

    @Test func `shows a line that the agent did not write, signed over or not`() throws {
        let audit = try AuditBench()
        var log = try audit.open()
        let path = audit.bench.path("audit/audit.jsonl")
        let forged = audit.bench.record(6, AuditEntry(.agentStarted, "Forged"))
        let file = try #require(FileHandle(forWritingAtPath: path))
        file.seekToEndOfFile()
        file.write(Data(forged.line))
        // It looks like what the agent may sign in a moment; the agent does not.
        #expect(try audit.flaws(patience: .milliseconds(50)) == ["extended 6"])
        try log.append([audit.bench.record(6, AuditEntry(.agentStopped, "Stops"))])
        #expect(try audit.flaws() == ["inserted 6"])
    }

    @Test func `is not verified while its last records are not signed`() throws {
        let audit = try AuditBench()
        var log = try audit.open()
        try log.write([audit.bench.record(6, AuditEntry(.agentStopped, "Stops"))])
        #expect(try audit.flaws() == ["extended 6"])
        log.sign()
        #expect(audit.verify().output.hasPrefix("verified: 7 records, "))
    }
}
