import Auditing
import Foundation
import Grants
import Linux
import Recording
import TestSupport
import Testing

@Suite struct `The journal's copy, by the hour` {
    private static let hour: Int64 = 3_600_000_000

    private let journald: Journald
    private let folder: TemporaryDirectory

    init() throws {
        journald = try Journald()
        folder = try TemporaryDirectory()
        try sign("one")
    }

    private func copy() throws -> JournalCopy {
        try JournalCopy(socketPath: journald.socketPath, auditDirectory: folder.path)
    }

    private func sign(_ root: String) throws {
        let note = "jitgate/web-1\n42\n\(root)\n\n\u{2014} jitgate/web-1 abcd\n"
        try Data(note.utf8).write(to: URL(fileURLWithPath: folder.path + "/checkpoint"))
    }

    private func record(_ number: UInt64) -> Record {
        LogBench.record(number, AuditEntry(.agentStarted, "m"))
    }

    /// The roots of the checkpoints that the journal has.
    private func roots() throws -> [String] {
        let id = JournalNotice.checkpoint(note: "").messageID
        return try journald.entries("MESSAGE_ID=\(id)").compactMap { entry in
            let note = Journald.values("JITGATE_CHECKPOINT", of: entry).first
            return note?.split(separator: "\n").dropFirst(2).first.map(String.init)
        }
    }

    @Test func `has a checkpoint an hour after the first record that none held`() throws {
        var copy = try copy()
        #expect(copy.due == nil)
        copy.publish([record(0)], at: 5)
        #expect(copy.due == 5 + Self.hour)
        // More records put nothing off.
        copy.publish([record(1), record(2)], at: Self.hour)
        #expect(copy.due == 5 + Self.hour)
        copy.timePassed(at: 4 + Self.hour)
        #expect(try roots() == [])
        #expect(copy.due == 5 + Self.hour)
        copy.timePassed(at: 5 + Self.hour)
        #expect(try roots() == ["one"])
        // And none is due while nothing is recorded, for however long.
        #expect(copy.due == nil)
        copy.publish([], at: 6 + Self.hour)
        #expect(copy.due == nil)
        copy.timePassed(at: 100 * Self.hour)
        #expect(try roots() == ["one"])
        try sign("two")
        copy.publish([record(3)], at: 100 * Self.hour)
        #expect(copy.due == 101 * Self.hour)
        copy.timePassed(at: 102 * Self.hour)
        #expect(try roots() == ["one", "two"])
        #expect(copy.due == nil)
    }

    @Test func `has one at the end, if there is something that the last did not hold`() throws {
        var copy = try copy()
        copy.stop(at: 0)
        #expect(try roots() == [])
        copy.publish([record(0)], at: 0)
        copy.stop(at: 1)
        #expect(try roots() == ["one"])
        copy.stop(at: 2)
        #expect(try roots() == ["one"])
    }

    @Test func `sends nothing of a checkpoint that is not there, and asks again for the next`()
        throws
    {
        var copy = try copy()
        try FileManager.default.removeItem(atPath: folder.path + "/checkpoint")
        copy.publish([record(0)], at: 0)
        copy.timePassed(at: Self.hour)
        #expect(try roots() == [] && copy.due == nil)
        try sign("two")
        copy.publish([record(1)], at: Self.hour)
        copy.timePassed(at: 2 * Self.hour)
        #expect(try roots() == ["two"])
    }

    @Test func `wakes an idle agent once, and then not at all`() throws {
        var copy = try copy()
        #expect(try armed(copy) == 0)
        let now = ClockReading.now().bootMicroseconds
        copy.publish([record(0)], at: now)
        #expect(try (3590...3600).contains(armed(copy)))
        copy.timePassed(at: now + Self.hour)
        #expect(try armed(copy) == 0)
    }

    /// In how many seconds the kernel's timer expires; 0 if it is not armed.
    private func armed(_ copy: JournalCopy) throws -> Int {
        let path = "/proc/self/fdinfo/\(copy.alarm.fileDescriptor)"
        return try #require(Timers.remaining(try String(contentsOfFile: path, encoding: .utf8)))
    }
}
