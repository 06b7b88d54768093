import Auditing
import Foundation
import Grants
import Recording
import TestSupport
import Testing

@Suite struct `The log on disk` {
    let bench: LogBench

    init() throws {
        bench = try LogBench()
    }

    @Test func `is signed after each commit, as Go's own packages see it`() throws {
        var log = try bench.open()
        try bench.append(1, to: &log)
        #expect(try bench.witness() == "verified: 3 records\n")
        #expect(try bench.text(bench.directory.checkpoint) == log.checkpoint)
        try bench.append(4, to: &log)
        #expect(try bench.witness() == "verified: 15 records\n")
        var file = try bench.bytes(bench.directory.current)
        file[100] ^= 1
        try bench.write(file, to: bench.directory.current)
        #expect(try bench.witness().hasPrefix("NOT VERIFIED"))
    }

    @Test func `keeps its key to itself, and the same one`() throws {
        _ = try bench.open()
        let mode = try FileManager.default.attributesOfItem(atPath: bench.state.keyFile)
        #expect(mode[.posixPermissions] as? Int == 0o600)
        let key = try bench.text(bench.directory.publicKey)
        _ = try bench.open()
        #expect(try bench.text(bench.directory.publicKey) == key)
        #expect(key.hasPrefix("jitgate/web-1/3f0c+"))
        try bench.write([1], to: bench.state.keyFile)
        #expect(throws: RecordingError.self) { _ = try bench.open() }
    }

    /// Opens it again, with and without a snapshot: both must know the same.
    private func reopen() throws -> LogBench.Known {
        let quick = try bench.known(bench.open())
        try bench.removeSnapshots()
        let full = try bench.known(bench.open())
        #expect(quick == full)
        return full
    }

    @Test func `is read from its snapshot on, and comes to the same`() throws {
        var log = try bench.open()
        try bench.append(3, to: &log)
        log.save()
        try bench.append(2, to: &log)
        let known = bench.known(log)
        _ = consume log
        #expect(try reopen() == known)
        #expect(known.nextSequence == 15)
        #expect(known.ended.count == 5)
        #expect(known.ended[4] != nil)
    }

    @Test func `does not read what the snapshot knows`() throws {
        var log = try bench.open()
        try bench.append(3, to: &log)
        log.save()
        _ = consume log
        var file = try bench.bytes(bench.directory.current)
        let second = try #require(file.firstIndex(of: UInt8(ascii: "\n"))) + 1
        file[second] = UInt8(ascii: "x")
        try bench.write(file, to: bench.directory.current)
        #expect(try bench.open().logState.nextSequence == 9)
        try bench.remove(bench.state.snapshots[0])
        #expect(throws: RecordingError.self) { _ = try bench.open() }
    }

    @Test func `does not believe a snapshot that is damaged or of another log`() throws {
        var log = try bench.open()
        try bench.append(3, to: &log)
        log.save()
        try bench.append(1, to: &log)
        let known = bench.known(log)
        _ = consume log
        let snapshot = try bench.bytes(bench.state.snapshots[0])
        var random = SeededGenerator(seed: 1)
        for _ in 0..<40 {
            var damaged = snapshot
            let place = Int.random(in: 0..<damaged.count, using: &random)
            damaged[place] ^= UInt8.random(in: 1...255, using: &random)
            if place % 2 == 0 { damaged.removeLast(damaged.count - place) }
            try bench.write(damaged, to: bench.state.snapshots[0])
            #expect(try bench.known(bench.open()) == known)
        }
        let other = try LogBench()
        var foreign = try other.open()
        _ = other.entries()
        try other.append(3, to: &foreign)
        foreign.save()
        try bench.write(other.bytes(other.state.snapshots[0]), to: bench.state.snapshots[0])
        #expect(try bench.known(bench.open()) == known)
    }

    @Test(arguments: 0..<60)
    func `loses no acknowledged line to a power cut`(seed: Int) throws {
        var random = SeededGenerator(seed: UInt64(seed))
        var log = try bench.open()
        try bench.append(2, to: &log)
        if seed % 3 == 0 { log.save() }
        try bench.append(1, to: &log)
        let known = bench.known(log)
        let whole = try bench.bytes(bench.directory.current)
        let leaves = try bench.bytes(bench.directory.leaves)
        _ = consume log
        let next = LogBench.record(known.nextSequence, bench.entries()[0]).line
        let torn = Int.random(in: 0..<next.count, using: &random)
        try bench.write(whole + next.prefix(torn), to: bench.directory.current)
        let kept = Int.random(in: 0...leaves.count, using: &random)
        try bench.write(Array(leaves.prefix(kept)), to: bench.directory.leaves)
        if seed % 2 == 0 { try bench.write([], to: bench.directory.checkpoint) }
        var again = try bench.open()
        #expect(bench.known(again) == known)
        #expect(try bench.bytes(bench.directory.current) == whole)
        if seed % 3 != 0 { #expect(try bench.bytes(bench.directory.leaves) == leaves) }
        try bench.append(1, to: &again)
        #expect(again.logState.nextSequence == 12)
    }

    @Test func `is not gone on with when records are missing or others`() throws {
        var log = try bench.open()
        try bench.append(3, to: &log)
        _ = consume log
        let whole = try bench.bytes(bench.directory.current)
        let lines = whole.split(separator: UInt8(ascii: "\n")).map { Array($0) + [0x0A] }
        let refusals = [
            (Array(lines.dropLast().joined()), "ends before record 8, and the checkpoint"),
            (Array(lines.dropFirst().joined()), "begins with record 1, and no snapshot"),
            (Array((lines[..<4] + lines[5...]).joined()), "record 4 is missing"),
            (
                Array(String(decoding: whole, as: UTF8.self).replacing("dana", with: "eve ").utf8),
                "not those of the signed checkpoint"
            ),
        ]
        for (bytes, words) in refusals {
            try bench.write(bytes, to: bench.directory.current)
            #expect { _ = try bench.open() } throws: { "\($0)".contains(words) }
        }
    }

    @Test func `lets one agent write`() throws {
        let log = try bench.open()
        #expect(throws: RecordingError.self) { _ = try bench.open() }
        _ = consume log
        _ = try bench.open()
    }
}

@Suite struct `The evidence on disk` {
    @Test func `is kept by its digest, and made again after a power cut`() throws {
        let bench = try LogBench()
        var log = try bench.open()
        let entry = bench.entries()[0]
        try log.append([LogBench.record(0, entry)])
        let files = entry.evidenceFiles
        #expect(files.map(\.name) == ["grant", "signers"].map { "\(entry[.digest] ?? "").\($0)" })
        #expect(entry.hasSoundEvidence)
        #expect(try bench.state.content(of: files[0].name) == Array((entry[.evidence] ?? "").utf8))
        #expect(
            try bench.state.content(of: files[1].name)
                == Array("dana ssh-ed25519 AAAA\nops ssh-ed25519 BBBB\n".utf8)
        )
        _ = consume log
        try bench.remove(bench.state.evidence + "/" + files[0].name)
        try bench.write([], to: bench.state.evidence + "/" + files[1].name)
        log = try bench.open()
        let waits = log.hasUncopiedEvidence
        #expect(waits)
        log.keepEvidence(atMost: .max)
        for file in files { #expect(try bench.state.content(of: file.name) == file.bytes) }
    }

    @Test func `is a problem that is told where it cannot be copied, and loses nothing`() throws {
        let bench = try LogBench()
        var log = try bench.open()
        try bench.remove(bench.state.evidence)
        try bench.write([], to: bench.state.evidence)
        let entry = bench.entries()[0]
        try log.append([LogBench.record(0, entry)])
        #expect(log.problem?.contains(bench.state.evidence) == true)
        _ = consume log
        try bench.remove(bench.state.evidence)
        log = try bench.open()
        log.keepEvidence(atMost: .max)
        for file in entry.evidenceFiles {
            #expect(try bench.state.content(of: file.name) == file.bytes)
        }
    }
}
