import Auditing
import Grants
import Recording
import StrictJSON
import TestSupport
import Testing

@Suite struct `The journal's copy of the log` {
    private func record(_ number: UInt64, _ message: String = "m") -> Record {
        Record(
            sequence: number,
            stamp: RecordStamp(
                realtime: Moment(microseconds: 1_796_126_400_000_000),
                boot: Int64(number),
                bootID: String(repeating: "a", count: 32),
                machineID: String(repeating: "b", count: 32),
                hostname: "web-1"
            ),
            entry: AuditEntry(.grantRefused, message, fields: [.file: ["/f"]])
        )
    }

    private func numbers(_ journald: Journald) throws -> [String] {
        try journald.entries("JITGATE_EVENT=grant-refused").compactMap { $0["JITGATE_SEQ"]?.text }
    }

    @Test func `gets what a journald that was away missed, in order`() throws {
        let journald = try Journald()
        var feed = try JournalFeed(socketPath: journald.socketPath, log: "/l")
        feed.publish([record(0)], at: 0)
        journald.stop()
        feed.publish([record(1), record(2)], at: 1)
        #expect(feed.failure?.count == 2 && feed.failure?.log == "/l")
        #expect(feed.nextRetry == 100_001)
        try journald.start()
        feed.retry(at: 100_001)
        #expect(feed.failure == nil)
        #expect(feed.nextRetry == nil)
        feed.publish([record(3)], at: 200_000)
        // The runtime journal went with the first journald's memory only where it was not kept.
        #expect(try numbers(journald).suffix(3) == ["1", "2", "3"])
    }

    @Test func `says how many records it never got`() throws {
        let journald = try Journald()
        var feed = try JournalFeed(socketPath: journald.socketPath, log: "/l")
        feed.publish([record(0)], at: 0)
        journald.suspend()
        let large = String(repeating: "x", count: 100_000)
        feed.publish((1...40).map { record($0, large) }, at: 1)
        #expect(try #require(feed.failure).count > 0)
        journald.resume()
        // Its queue holds ten; each occasion empties some of what waits.
        try eventually {
            feed.retry(at: 2)
            return feed.failure == nil
        }
        let missed = try #require(try journald.entries("JITGATE_FILE=/l").first)
        let notice = JournalNotice.missed(count: 0, first: 0, last: 0, log: "")
        #expect(missed["MESSAGE_ID"]?.text == notice.messageID)
        let count = try #require(missed["JITGATE_MISSED"]?.text.flatMap { Int($0) })
        let bounds = ["JITGATE_FIRST", "JITGATE_LAST"].compactMap {
            missed[$0]?.text.flatMap(Int.init)
        }
        #expect(bounds.count == 2 && bounds[1] - bounds[0] + 1 == count)
        let expected = (0...40).filter { !(bounds[0]...bounds[1]).contains($0) }
        #expect(try numbers(journald) == expected.map(String.init))
    }

    @Test func `gets what is larger than the room for what waits`() throws {
        let journald = try Journald()
        var feed = try JournalFeed(socketPath: journald.socketPath, log: "/l")
        let large = String(repeating: "x", count: 400_000)
        feed.publish((0..<4).map { record($0, large) }, at: 0)
        feed.publish([record(4, large + large + large)], at: 1)
        #expect(feed.failure == nil)
        #expect(try numbers(journald) == (0...4).map(String.init))
        #expect(try journald.entries("JITGATE_FILE=/l").isEmpty)
    }

    @Test func `is tried again ten times, and then only with a new record`() throws {
        let journald = try Journald()
        var feed = try JournalFeed(socketPath: journald.socketPath, log: "/l")
        feed.publish([record(0)], at: 0)
        journald.stop()
        feed.publish([record(1)], at: 0)
        var wakes: [Int64] = []
        while let next = feed.nextRetry {
            wakes.append(next)
            feed.retry(at: next)
        }
        #expect(wakes.count == 10)
        #expect(wakes.last == 102_300_000)
        feed.publish([record(2)], at: 1_000_000_000)
        #expect(feed.nextRetry == nil)
    }

    @Test func `waits for nobody where there never was a journald`() throws {
        let folder = try TemporaryDirectory()
        var feed = try JournalFeed(socketPath: folder.path + "/none", log: "/l")
        feed.publish([record(0)], at: 0)
        #expect(feed.nextRetry == nil)
        // No journald, nothing to complain about.
        #expect(feed.failure == nil)
    }

    @Test func `gets the log's checkpoints`() throws {
        let journald = try Journald()
        var feed = try JournalFeed(socketPath: journald.socketPath, log: "/l")
        let note = "jitgate/web-1\n42\nAAAA=\n\n\u{2014} jitgate/web-1 abcd\n"
        let isSent = feed.send(.checkpoint(note: note))
        #expect(isSent)
        let id = JournalNotice.checkpoint(note: "").messageID
        let entry = try #require(try journald.entries("MESSAGE_ID=\(id)").first)
        #expect(Journald.values("JITGATE_CHECKPOINT", of: entry) == [note])
    }
}
