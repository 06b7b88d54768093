import Auditing
import CommandSupport
import Commands
import Foundation
import Grants
import Recording
import Signatures
import TestSupport
import Testing

@Suite struct `A log whose wall clock was set back` {
    private let audit: AuditBench

    init() throws {
        audit = try AuditBench()
    }

    /// Appends records, each at its seconds of the wall clock and of CLOCK_BOOTTIME.
    private func append(_ entries: [(AuditEntry, wall: Int, boot: Int, bootID: Character)]) throws {
        var log = try audit.open()
        for (entry, wall, boot, bootID) in entries {
            let stamp = RecordStamp(
                realtime: Bench.now + .seconds(wall),
                boot: Int64(boot) * 1_000_000,
                bootID: String(repeating: bootID, count: 32),
                machineID: String(repeating: "b", count: 32),
                hostname: "web-1"
            )
            let next = log.logState.nextSequence
            try log.append([Record(sequence: next, stamp: stamp, entry: entry)])
        }
    }

    /// An acceptance that only counts from an hour after the log began.
    private func accepted() throws -> AuditEntry {
        var entry = try audit.moreGrantEntries()[0]
        let line = try #require(entry.fields[.allowedSigners]?.first)
        let name = line.prefix { $0 != " " }
        entry.fields[.allowedSigners] = [
            "\(name) valid-after=\"20261201130000Z\"\(line.dropFirst(name.count))"
        ]
        return entry
    }

    private func proof(of number: Int) -> Bench.Outcome {
        _ = audit.bench.run("audit", "prove", "\(number)", "--log", "@audit", "-o", "@p")
        return audit.bench.run("audit", "verify-proof", "@p", "--key", audit.key)
    }

    @Test func `is judged by the time that the agent went by`() throws {
        let step = AuditEntry(.clockStepped, "The wall clock was set")
        // Set to 14:00, back to 12:10, and a minute later.
        try append([
            (step, 7200, 60, "a"), (step, 600, 61, "a"), (accepted(), 660, 120, "a"),
        ])
        #expect(try audit.flaws() == [])
        #expect(proof(of: 8).output.contains("signed: 1 valid signature,"))
        // The last record is about nothing of the kind, and needs no clock.
        #expect(proof(of: 7).status == .done)
        #expect(!String(decoding: try audit.bench.read("p"), as: UTF8.self).contains("\"clock\""))
    }

    @Test func `goes on from where it was after a restart of the machine`() throws {
        // 12:58:20, a minute of this boot, and 50 seconds of the next: 13:00:10.
        let step = AuditEntry(.clockStepped, "The wall clock was set")
        try append([(step, 3500, 60, "a"), (step, 0, 120, "a"), (accepted(), 60, 50, "c")])
        #expect(try audit.flaws() == [])
        #expect(proof(of: 8).output.contains("signed: 1 valid signature,"))
    }

    /// Time goes on from `seconds` after the log began, on the word of `actor` if there is one.
    private func accepting(_ seconds: Int, actor: String? = nil) -> AuditEntry {
        let time = (Bench.now + .seconds(seconds)).description
        var entry = AuditEntry(.clockAccepted, "Time goes on", fields: [.clock: [time]])
        entry.fields[.actor] = actor.map { [$0] }
        return entry
    }

    @Test func `goes back where a step forward was taken back`() throws {
        let step = AuditEntry(.clockStepped, "The wall clock was set")
        try append([
            (step, 60, 10, "d"), (step, 7200, 20, "d"), (accepting(72), 72, 22, "d"),
            (accepted(), 660, 610, "d"),
        ])
        // Its signer may not sign yet.
        #expect(try audit.flaws() == ["signature 9"])
        #expect(proof(of: 9).status == .no)
    }

    @Test func `goes back without a step forward on root's word alone`() throws {
        let step = AuditEntry(.clockStepped, "The wall clock was set")
        try append([(step, 3000, 10, "d"), (accepting(60), 60, 20, "d")])
        #expect(try audit.flaws() == ["evidence 7"])
        try append([(accepting(30, actor: "uid:0"), 30, 30, "d")])
        #expect(try audit.flaws() == ["evidence 7"])
    }

    @Test func `goes back on root's word only once nothing is live`() throws {
        let step = AuditEntry(.clockStepped, "The wall clock was set")
        let grant = try audit.moreGrantEntries()
        try append([
            (step, 60, 10, "d"), (grant[0], 70, 20, "d"), (grant[1], 70, 20, "d"),
            (accepting(30, actor: "uid:0"), 30, 30, "d"), (grant[2], 40, 40, "d"),
            (accepting(20, actor: "uid:0"), 20, 50, "d"),
        ])
        #expect(try audit.flaws() == ["evidence 9"])
    }

    @Test func `does not go back behind an opening`() throws {
        let step = AuditEntry(.clockStepped, "The wall clock was set")
        let opened = try audit.moreGrantEntries()[1]
        try append([
            (step, 60, 10, "d"), (opened, 7200, 20, "d"), (accepting(72), 72, 22, "d"),
        ])
        #expect(try audit.flaws().last == "evidence 8")
    }

    @Test func `is proved by the record that time goes on from`() throws {
        let step = AuditEntry(.clockStepped, "The wall clock was set")
        try append([
            (step, 7200, 20, "d"), (accepting(4000, actor: "uid:0"), 4000, 30, "d"),
            (step, 100, 40, "d"), (accepted(), 160, 100, "d"),
        ])
        #expect(try audit.flaws() == [])
        #expect(proof(of: 9).output.contains("signed: 1 valid signature,"))
    }

    @Test func `lets nothing count before its time, where time never was ahead`() throws {
        try append([(accepted(), 660, 660, "a")])
        #expect(try audit.flaws() == ["signature 6"])
        let outcome = proof(of: 6)
        #expect(outcome.status == .no && outcome.errors.contains("not verified: record 6: "))
    }

    @Test func `has bundles whose clock must be of the log, too`() throws {
        let step = AuditEntry(.clockStepped, "The wall clock was set")
        try append([(step, 7200, 60, "a"), (accepted(), 660, 120, "a")])
        #expect(proof(of: 7).status == .done)
        let bundle = String(decoding: try audit.bench.read("p"), as: UTF8.self)
        let time = (Bench.now + .seconds(7200)).microseconds
        #expect(bundle.contains("\(time)"))
        for forged in [
            bundle.replacing("\(time)", with: "\(time + 1)"),
            bundle.replacing("\"clock\"", with: "\"lock\""),
        ] {
            try audit.bench.write(forged, to: "p")
            #expect(
                audit.bench.run("audit", "verify-proof", "@p", "--key", audit.key).status == .no
            )
        }
    }
}
