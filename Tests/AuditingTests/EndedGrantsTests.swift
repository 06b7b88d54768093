import Auditing
import Crypto
import Grants
import TestSupport
import Testing
import Transparency

/// An archive whose bytes are at hand.
private struct Held: TombstoneArchive {
    let name: ArchiveName
    let held: [UInt8]

    init(_ held: [UInt8]) throws {
        var check = ArchiveCheck()
        check.take(held)
        name = try #require(check.name)
        self.held = held
    }

    func bytes(of entries: Range<Int>) throws(RecordError) -> [UInt8] {
        let (start, end) = (entries.lowerBound * 25, entries.upperBound * 25)
        guard end <= held.count else { throw RecordError(description: "it ends early") }
        return Array(held[start..<end])
    }
}

/// One that lost its file.
private struct Lost: TombstoneArchive {
    let name = ArchiveName(digest: "lost", count: 1000)

    func bytes(of entries: Range<Int>) throws(RecordError) -> [UInt8] {
        throw RecordError(description: "input/output error")
    }
}

@Suite struct `The grants that ended` {
    private static func id(_ number: Int) -> GrantID {
        GrantID(value: UInt128(truncatingIfNeeded: number &* 0x9E37_79B9) << 64 | UInt128(number))
    }

    private static func closing(_ id: GrantID, _ digest: UInt64, _ reason: EndReason) -> AuditEntry
    {
        let digits = String(digest, radix: 16)
        let padded = String(repeating: "0", count: 16 - digits.count) + digits
        return AuditEntry(
            .grantClosed,
            "Closed",
            fields: [
                .grant: [id.description], .reason: [reason.rawValue],
                .digest: [padded + String(repeating: "e", count: 48)],
            ]
        )
    }

    private static func take(_ entry: AuditEntry, _ logState: inout LogState) throws {
        let stamp = RecordStamp(
            realtime: Moment(microseconds: Int64(logState.nextSequence)),
            boot: 0,
            bootID: "b",
            machineID: "m",
            hostname: "web-1"
        )
        try logState.take(Record(sequence: logState.nextSequence, stamp: stamp, entry: entry))
    }

    /// Makes the newest pair of archives that is worth it one, in steps of some size.
    private static func merge(_ logState: inout LogState, step: Int) throws {
        guard let place = logState.ended.mergeablePlace else { return }
        let archives = logState.ended.archives
        var merge = ArchiveMerge(archives[place], archives[place + 1])
        var bytes: [UInt8] = []
        while case let next = try merge.next(atMost: step), !next.isEmpty { bytes += next }
        logState.replace(archivesAt: place, with: try Held(bytes))
    }

    @Test(arguments: 0..<20)
    func `are known for ever, however they are archived and merged`(seed: Int) throws {
        var random = SeededGenerator(seed: UInt64(seed))
        var logState = LogState()
        var model: [GrantID: GrantState] = [:]
        for _ in 0..<1500 {
            switch Int.random(in: 0..<100, using: &random) {
            case 0...2 where logState.ended.recentCount > 0:
                logState.archive(into: try Held(logState.ended.recentBytes))
            case 3...5: try Self.merge(&logState, step: Int.random(in: 1...50, using: &random))
            default:
                let id = Self.id(Int.random(in: 0..<600, using: &random))
                let digest = UInt64.random(in: 0 ... .max, using: &random)
                let reason = try #require(EndReason.allCases.randomElement(using: &random))
                let entry = Self.closing(id, digest, reason)
                try Self.take(entry, &logState)
                model[id] = .ended(
                    digest: String((entry[.digest] ?? "").prefix(16)),
                    reason: reason.rawValue
                )
            }
        }
        #expect((0..<600).allSatisfy { logState[Self.id($0)] == model[Self.id($0)] })
        while logState.ended.mergeablePlace != nil { try Self.merge(&logState, step: 100) }
        #expect((0..<600).allSatisfy { logState[Self.id($0)] == model[Self.id($0)] })
        #expect(logState.ended.archives.count < 12)
    }

    @Test func `are in few archives, and each was copied a few times only`() throws {
        var logState = LogState()
        var copied = 0
        for number in 0..<4000 {
            try Self.take(Self.closing(Self.id(number), 1, .expired), &logState)
            guard logState.ended.recentCount == 20 else { continue }
            logState.archive(into: try Held(logState.ended.recentBytes))
            while let place = logState.ended.mergeablePlace {
                copied += logState.ended.archives[place...].prefix(2).reduce(0) { $0 + $1.count }
                try Self.merge(&logState, step: 1000)
            }
            #expect(logState.ended.archives.count < 10)
        }
        #expect(logState.ended.count == 4000)
        #expect(copied < 4000 * 10)
    }

    @Test func `are never taken for unseen where an archive cannot be read`() throws {
        var logState = LogState()
        try Self.take(Self.closing(Self.id(1), 1, .expired), &logState)
        logState.archive(into: Lost())
        #expect(logState[Self.id(2)] == .unreadable(why: "input/output error"))
        try Self.take(Self.closing(Self.id(3), 1, .expired), &logState)
        #expect(logState[Self.id(3)] == .ended(digest: "0000000000000001", reason: "expired"))
        var merge = ArchiveMerge(Lost(), Lost())
        #expect(throws: RecordError.self) { try merge.next(atMost: 10) }
    }

    /// A log state with archives, as a snapshot.
    private static func snapshot() throws -> (LogSnapshot, [ArchiveName: Held]) {
        var logState = LogState()
        var archives: [ArchiveName: Held] = [:]
        for number in 0..<250 {
            try take(closing(id(number), UInt64(number), .revoked), &logState)
            guard number % 100 == 99 else { continue }
            let archive = try Held(logState.ended.recentBytes)
            archives[archive.name] = archive
            logState.archive(into: archive)
        }
        var tree = MerkleTree()
        let leaf = try #require(TreeHash([UInt8](repeating: 1, count: 32)[...]))
        for _ in 0..<250 { tree.append(leaf) }
        let position = LogPosition(segment: 0, offset: 900, lastLength: 9)
        let snapshot = LogSnapshot(
            position: position,
            lastLeaf: leaf,
            tree: tree,
            logState: logState
        )
        return (snapshot, archives)
    }

    @Test func `are known again from a snapshot and the archives that it names`() throws {
        let (snapshot, archives) = try Self.snapshot()
        let bytes = snapshot.encoded()
        #expect(Set(LogSnapshot.archiveNames(in: bytes)) == Set(archives.keys))
        let read = try LogSnapshot(parsing: bytes) { archives[$0] }
        for number in 0..<300 {
            #expect(read.logState[Self.id(number)] == snapshot.logState[Self.id(number)])
        }
        #expect(read.logState.ended.recentCount == 50)
        #expect(throws: RecordError.self) { try LogSnapshot(parsing: bytes) { _ in nil } }
    }

    @Test(arguments: 0..<20)
    func `are not taken from a snapshot that was changed, whatever it says`(seed: Int) throws {
        var random = SeededGenerator(seed: UInt64(seed))
        let (snapshot, archives) = try Self.snapshot()
        let bytes = snapshot.encoded()
        for _ in 0..<20 {
            var hostile = Array(bytes.dropLast(32))
            for _ in 0...Int.random(in: 0..<4, using: &random) {
                let place = Int.random(in: 0..<min(hostile.count, 1200), using: &random)
                hostile[place] = UInt8.random(in: 0...255, using: &random)
            }
            if Bool.random(using: &random) {
                hostile.removeLast(Int.random(in: 0..<99, using: &random))
            }
            guard hostile != bytes.dropLast(32) else { continue }
            #expect(throws: RecordError.self) {
                try LogSnapshot(parsing: hostile + bytes.suffix(32)) { archives[$0] }
            }
            // Even with its own SHA-256 it must not bring the reader down.
            let sealed = hostile + SHA256.hash(data: hostile)
            _ = LogSnapshot.archiveNames(in: sealed)
            let read = try? LogSnapshot(parsing: sealed) { archives[$0] }
            _ = read?.logState[Self.id(7)]
        }
    }
}
