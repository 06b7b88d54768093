package import Auditing
import Linux
package import SystemPackage

/// A failure of journald to accept records.
package struct JournalFailure: Hashable, Sendable {
    package let error: Errno
    /// The number of records that the log alone has.
    package let count: Int
    /// The path of the log.
    package let log: String
}

/// The journal's copy of the audit log: records on their way from the disk to journald.
///
/// The log is authoritative and loses nothing. Records that journald does not accept at once wait
/// here, and are sent again a few times and with each new record. Records beyond the limit are
/// counted, and journald gets the count when it is back. Nothing here blocks, fails the caller or
/// wakes an idle agent. Times are CLOCK_BOOTTIME in microseconds.
package struct JournalFeed {
    /// The most bytes that wait.
    private static let room = 1 << 20
    /// The pause before the first repetition; each pause is twice the one before.
    private static let firstPause: Int64 = 100_000
    /// The number of repetitions, some two minutes, after which only a new record retries.
    private static let repetitions = 10

    private struct Message {
        let number: UInt64
        let bytes: [UInt8]
    }

    private let socket: JournalSocket
    private let log: String
    /// The waiting messages, oldest first; those before `sent` are gone.
    private var waiting: [Message] = []
    private var sent = 0
    private var size = 0
    private var missed: (count: Int, first: UInt64, last: UInt64)?
    private var error: Errno?
    /// True if journald ever accepted a message: if it is absent, nothing is missing.
    private var wasThere = false
    private var pauses = 0

    /// The time to call `retry`; `nil` if there is nothing to do.
    package private(set) var nextRetry: Int64?

    /// Makes a feed; `log` is the path of the log in messages to people.
    package init(socketPath: String, log: String) throws(Errno) {
        socket = try JournalSocket(path: socketPath)
        self.log = log
    }

    /// The failure that keeps records from the journal; `nil` if there is no journal.
    package var failure: JournalFailure? {
        guard wasThere, let error else { return nil }
        let count = waiting.count - sent + (missed?.count ?? 0)
        return JournalFailure(error: error, count: count, log: log)
    }

    /// Sends records that are on disk, after those that wait.
    package mutating func publish(_ records: [Record], at now: Int64) {
        for record in records {
            let message = Message(number: record.sequence, bytes: record.journalMessage)
            waiting.append(message)
            size += message.bytes.count
        }
        flush(at: now)
        // The limit applies only to messages that journald does not accept at once.
        makeRoom()
    }

    /// Sends the waiting messages again.
    package mutating func retry(at now: Int64) {
        flush(at: now)
    }

    /// Sends a notice about the log itself; `false` if journald did not accept it.
    package mutating func send(_ notice: JournalNotice) -> Bool {
        take(notice.journalMessage)
    }

    // MARK: waiting messages

    private mutating func makeRoom() {
        while size > Self.room, sent < waiting.count {
            let message = waiting[sent]
            let known = missed ?? (0, message.number, message.number)
            missed = (known.count + 1, known.first, message.number)
            drop()
        }
    }

    private mutating func drop() {
        size -= waiting[sent].bytes.count
        sent += 1
        // At least half is sent before the array shrinks, so that each message is moved only once.
        if sent >= 64, 2 * sent >= waiting.count {
            waiting.removeFirst(sent)
            sent = 0
        }
    }

    private mutating func flush(at now: Int64) {
        if let missed {
            let notice = JournalNotice.missed(
                count: missed.count,
                first: missed.first,
                last: missed.last,
                log: log
            )
            guard send(notice) else { return pause(from: now) }
            self.missed = nil
        }
        while sent < waiting.count {
            guard take(waiting[sent].bytes) else { return pause(from: now) }
            drop()
        }
        nextRetry = nil
    }

    private mutating func take(_ message: [UInt8]) -> Bool {
        do throws(Errno) {
            try socket.send(message)
        } catch {
            self.error = error
            return false
        }
        error = nil
        pauses = 0
        wasThere = true
        return true
    }

    private mutating func pause(from now: Int64) {
        // Without a journald nothing waits for one; each new record tries again.
        guard wasThere else { return nextRetry = nil }
        // A record in between does not postpone the repetition.
        if let nextRetry, nextRetry > now { return }
        guard pauses < Self.repetitions else { return nextRetry = nil }
        nextRetry = now + Self.firstPause << Int64(pauses)
        pauses += 1
    }
}
