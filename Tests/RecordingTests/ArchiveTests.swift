import Auditing
import Foundation
import Grants
import Recording
import TestSupport
import Testing

@Suite struct `The archives of ended grants` {
    let bench: LogBench

    init() throws {
        bench = try LogBench()
    }

    /// Records that `count` more grants ended, all in one commit.
    private func end(_ count: Int, in log: inout AuditLog) throws {
        let next = log.logState.nextSequence
        let entries = (0..<count).map { _ in bench.entries()[2] }
        try log.append(entries.enumerated().map { LogBench.record(next + UInt64($0), $1) })
    }

    private var archives: [String] {
        get throws { try FileManager.default.contentsOfDirectory(atPath: bench.state.ended.path) }
    }

    private func path(_ name: String) -> String { bench.state.ended.path + "/" + name }

    @Test(arguments: 0..<3)
    func `know every grant that ended, over snapshots, merges and crashes`(seed: Int) throws {
        var random = SeededGenerator(seed: UInt64(seed))
        var log = try bench.open()
        for _ in 0..<12 {
            switch Int.random(in: 0..<10, using: &random) {
            case 0: log.save()
            case 1:
                try end(1, in: &log)
                try log.rotate()
            case 2...4: log.mergeArchives()
            case 5:
                _ = consume log
                log = try bench.open()
            case 6:
                for path in bench.state.snapshots.shuffled(using: &random).prefix(1) {
                    try? FileManager.default.removeItem(atPath: path)
                }
            default: try end(Int.random(in: 1..<400, using: &random), in: &log)
            }
            #expect(log.logState.ended.recentCount < 512)
        }
        #expect(log.problem == nil)
        for number in stride(from: 0, to: bench.grants, by: 7) {
            guard case .ended? = log.logState[LogBench.id(number)] else {
                Issue.record("grant \(number) is not known")
                return
            }
        }
        #expect(log.logState[LogBench.id(bench.grants)] == nil)
        let known = bench.known(log)
        _ = consume log
        #expect(try bench.known(bench.open()) == known)
    }

    @Test func `become few, and none is left that nothing rests on`() throws {
        var log = try bench.open()
        for _ in 0..<4 {
            try end(512, in: &log)
            while log.hasMergeableArchives { log.mergeArchives() }
        }
        #expect(log.logState.ended.archives.count <= 4)
        log.save()
        #expect(try Set(archives) == Set(log.logState.ended.archives.map(\.name.digest)))
        _ = consume log
        try bench.write([1, 2, 3], to: path("merging"))
        log = try bench.open()
        #expect(try Set(archives) == Set(log.logState.ended.archives.map(\.name.digest)))
    }

    @Test func `are kept for the snapshot before, too`() throws {
        var log = try bench.open()
        try end(1, in: &log)
        try log.rotate()
        try end(512, in: &log)
        // Both snapshots are written where something is pruned.
        log.rotation.retention = .zero
        log.save()
        log.rotation.retention = nil
        try end(512, in: &log)
        while log.hasMergeableArchives { log.mergeArchives() }
        log.save()
        let known = bench.known(log)
        _ = consume log
        try bench.write([0], to: bench.state.snapshots[0])
        #expect(try bench.known(bench.open()) == known)
    }

    @Test(arguments: ["cut", "changed", "gone"])
    func `are not believed at a start when they are damaged; all is read then`(
        damage: String
    ) throws {
        var log = try bench.open()
        try end(600, in: &log)
        log.save()
        let known = bench.known(log)
        _ = consume log
        let file = try path(#require(archives.first))
        var bytes = try bench.bytes(file)
        switch damage {
        case "cut": bytes.removeLast(25)
        case "changed": bytes[500] ^= 1
        default: bytes = []
        }
        if bytes.isEmpty { try bench.remove(file) } else { try bench.write(bytes, to: file) }
        #expect(try bench.known(bench.open()) == known)
    }

    @Test func `refuse to say that a grant is new when they cannot be read`() throws {
        var log = try bench.open()
        try end(600, in: &log)
        let file = try path(#require(archives.first))
        #expect(log.logState[LogBench.id(2000)] == nil)
        let handle = try #require(FileHandle(forWritingAtPath: file))
        try handle.truncate(atOffset: 1000)
        guard case .unreadable(let why)? = log.logState[LogBench.id(2000)] else {
            Issue.record("it is taken for new")
            return
        }
        #expect(why.contains("shorter than it was"))
    }

    @Test func `stay in memory while the disk does not take them, and nothing stops`() throws {
        var log = try bench.open()
        try bench.remove(bench.state.ended.path)
        try end(600, in: &log)
        #expect(log.problem?.contains(bench.state.ended.path) == true)
        #expect(log.logState.ended.recentCount == 600)
        #expect(log.logState[LogBench.id(7)] != nil)
        try FileManager.default.createDirectory(
            atPath: bench.state.ended.path,
            withIntermediateDirectories: false
        )
        try end(600, in: &log)
        #expect(log.logState.ended.recentCount == 0)
        #expect(log.logState[LogBench.id(7)] != nil)
    }

    @Test func `and snapshots that cannot be written are a problem until they can`() throws {
        var log = try bench.open()
        try bench.append(1, to: &log)
        try FileManager.default.createDirectory(
            atPath: bench.state.snapshots[0] + "/in-the-way",
            withIntermediateDirectories: true
        )
        log.save()
        #expect(log.problem?.contains(bench.state.snapshots[0]) == true)
        try bench.append(1, to: &log)
        #expect(log.problem != nil)
        try bench.remove(bench.state.snapshots[0])
        log.save()
        #expect(log.problem == nil)
    }
}
