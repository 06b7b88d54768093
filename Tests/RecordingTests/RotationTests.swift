import Auditing
import Foundation
import Grants
import Recording
import TestSupport
import Testing

@Suite struct `The rotation of the log` {
    let bench: LogBench

    init() throws {
        bench = try LogBench()
    }

    @Test func `goes on in a new file by size, and the tree goes on across files`() throws {
        var log = try bench.open(RotationRule(size: 3000, age: .seconds(1 << 40), retention: nil))
        try bench.append(20, to: &log)
        let files = try bench.files
        #expect(files.count > 4)
        for file in files.dropLast() { #expect(try bench.bytes(file).count >= 3000) }
        #expect(files[0].hasSuffix("/audit-00000000000000000000.jsonl"))
        #expect(try bench.witness() == "verified: 60 records\n")
        let known = bench.known(log)
        _ = consume log
        #expect(try bench.known(bench.open()) == known)
        try bench.removeSnapshots()
        try bench.remove(bench.directory.leaves)
        #expect(try bench.known(bench.open()) == known)
        #expect(try LeafFile.read(bench.directory.leaves, atMost: .max).count == 60)
    }

    @Test func `goes on in a new file by age`() throws {
        var log = try bench.open(RotationRule(size: 1 << 40, age: .seconds(7200), retention: nil))
        try bench.append(6, to: &log)
        // An hour a grant: the third finds the first record two hours old.
        #expect(try bench.directory.segments().map(\.first) == [0, 6])
    }

    @Test(arguments: RotationStep.allCases, [true, false])
    func `is taken up after a crash between any two steps`(
        step: RotationStep,
        hasRotatedBefore: Bool
    ) throws {
        var log = try bench.open()
        try bench.append(2, to: &log)
        if hasRotatedBefore {
            try log.rotate()
            try bench.append(2, to: &log)
        }
        try log.rotate(upTo: step)
        let known = bench.known(log)
        _ = consume log
        var again = try bench.open()
        #expect(bench.known(again) == known)
        try bench.append(2, to: &again)
        let count = hasRotatedBefore ? 18 : 12
        #expect(try bench.witness() == "verified: \(count) records\n")
        #expect(try LeafFile.read(bench.directory.leaves, atMost: .max).count == count)
        let more = bench.known(again)
        _ = consume again
        try bench.removeSnapshots()
        #expect(try bench.known(bench.open()) == more)
    }

    @Test func `removes what is older than the retention, and forgets no grant`() throws {
        let rule = RotationRule(size: 3000, age: .seconds(1 << 40), retention: .seconds(10 * 3600))
        var log = try bench.open(rule)
        try bench.append(40, to: &log)
        let first = try #require(bench.directory.segments().first?.first)
        #expect(first > 60 && first < 100)
        #expect(log.logState.ended.count == 40)
        let names = try FileManager.default.contentsOfDirectory(atPath: bench.state.evidence)
        #expect(names.count == 2 * (40 - Int(first) / 3))
        let known = bench.known(log)
        _ = consume log
        var again = try bench.open(rule)
        #expect(bench.known(again) == known)
        #expect(again.logState[LogBench.id(0)] != nil)
        try bench.append(1, to: &again)
        #expect(try LeafFile.read(bench.directory.leaves, atMost: .max).count == 123)
        _ = consume again
        try bench.removeSnapshots()
        #expect { _ = try bench.open() } throws: { "\($0)".contains("no snapshot in") }
    }

    @Test func `removes nothing because of a wall clock that was wrong for a moment`() throws {
        let rule = RotationRule(size: 1 << 40, age: .seconds(86_400), retention: .seconds(90_000))
        var log = try bench.open(rule)
        try bench.append(5, to: &log)
        try log.rotate()
        try bench.append(5, to: &log)
        let right = LogBench.record(log.logState.nextSequence, AuditEntry(.clockStepped, "Set"))
        let stamp = RecordStamp(
            realtime: right.stamp.realtime + .seconds(10 * 365 * 86_400),
            boot: right.stamp.boot,
            bootID: right.stamp.bootID,
            machineID: right.stamp.machineID,
            hostname: right.stamp.hostname
        )
        let wrong = Record(sequence: right.sequence, stamp: stamp, entry: right.entry)
        try log.append([wrong])
        try bench.append(1, to: &log)
        #expect(try bench.directory.segments().map(\.first) == [0, 15])
        _ = consume log
        var again = try bench.open(rule)
        try bench.append(1, to: &again)
        #expect(try bench.directory.segments().map(\.first) == [0, 15])
    }

    @Test func `removes nothing that the newest snapshot still rests on`() throws {
        var log = try bench.open()
        try bench.append(3, to: &log)
        try log.rotate()
        try bench.append(20, to: &log)
        let known = bench.known(log)
        _ = consume log
        let rule = RotationRule(size: 1 << 40, age: .seconds(1 << 40), retention: .seconds(3600))
        // Each start is one after a crash: nothing was saved.
        for _ in 0..<3 { #expect(try bench.known(bench.open(rule)) == known) }
    }

    @Test func `writes both snapshots before it removes what the older one rests on`() throws {
        let rule = RotationRule(size: 1 << 40, age: .seconds(1 << 40), retention: .seconds(3600))
        var log = try bench.open()
        try bench.append(3, to: &log)
        log.save()
        try log.rotate()
        try bench.append(3, to: &log)
        try log.rotate()
        try bench.append(1, to: &log)
        log.rotation = rule
        log.save()
        #expect(try bench.directory.segments().map(\.first) == [9])
        let known = bench.known(log)
        _ = consume log
        for path in bench.state.snapshots {
            let bytes = try bench.bytes(path)
            try bench.write([0], to: path)
            #expect(try bench.known(bench.open()) == known)
            try bench.write(bytes, to: path)
        }
    }

    @Test(arguments: 0..<4)
    func `is taken up after a crash in the middle of a saving`(crash: Int) throws {
        let rule = RotationRule(size: 1 << 40, age: .seconds(1 << 40), retention: .seconds(3600))
        var log = try bench.open()
        try bench.append(3, to: &log)
        try log.rotate()
        try bench.append(3, to: &log)
        log.rotation = rule
        let wasDue = log.isSavingDue
        let saving = try log.beginSaving()
        let isDue = log.isSavingDue
        #expect(wasDue && !isDue)
        // The log goes on meanwhile, in a new file even.
        try log.rotate()
        try bench.append(1, to: &log)
        if crash > 0 { try saving.run() }
        if crash > 1 { try bench.append(1, to: &log) }
        if crash > 2 { log.end(saving, .success(())) }
        let known = bench.known(log)
        _ = consume log
        for _ in 0..<2 { #expect(try bench.known(bench.open(rule)) == known) }
        #expect(try bench.directory.segments().first?.first == (crash == 0 ? 0 : 9))
        var again = try bench.open(rule)
        try bench.append(1, to: &again)
        #expect(try bench.directory.segments().allSatisfy { $0.first != 0 })
    }

    @Test func `keeps an older snapshot for when the newer is damaged`() throws {
        let rule = RotationRule(size: 3000, age: .seconds(1 << 40), retention: .seconds(10 * 3600))
        var log = try bench.open(rule)
        try bench.append(40, to: &log)
        log.save()
        let known = bench.known(log)
        _ = consume log
        try bench.write([0], to: bench.state.snapshots[0])
        #expect(try bench.known(bench.open(rule)) == known)
    }
}
