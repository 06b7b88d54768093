import Transparency

/// A notice for the journal and not for the audit log, since it is about the log itself.
package enum JournalNotice: Hashable, Sendable {
    /// Records that are in the log alone, because journald did not take them.
    case missed(count: Int, first: UInt64, last: UInt64, log: String)
    /// The log's signed checkpoint, so that a journal kept elsewhere holds one.
    case checkpoint(note: String)

    /// The journal's name for this kind of notice, for ever; made once at random.
    package var messageID: String {
        switch self {
        case .missed: "ebbd9c80f7d8482bb871a4b2b08b1b35"
        case .checkpoint: "223d8e6f0c1c4edb9b7ed1fc8f883cd6"
        }
    }

    /// The notice as a message to journald.
    package var journalMessage: [UInt8] {
        JournalEncoding.encode(common + own)
    }

    private var common: [JournalEncoding.Field] {
        [("SYSLOG_IDENTIFIER", ["jitgated"]), ("MESSAGE_ID", [messageID])]
    }

    private var own: [JournalEncoding.Field] {
        switch self {
        case .missed(let count, let first, let last, let log):
            [
                ("PRIORITY", ["4"]),
                (
                    "MESSAGE",
                    [
                        "\(count) record\(count == 1 ? " is" : "s are") not in the journal: "
                            + "\(first) to \(last) of \(log)"
                    ]
                ),
                ("JITGATE_MISSED", [String(count)]), ("JITGATE_FIRST", [String(first)]),
                ("JITGATE_LAST", [String(last)]), ("JITGATE_FILE", [log]),
            ]
        case .checkpoint(let note):
            [
                ("PRIORITY", ["6"]), ("MESSAGE", [Self.summary(note)]),
                ("JITGATE_CHECKPOINT", [note]),
            ]
        }
    }

    /// By the first three lines of a checkpoint: origin, size, root (C2SP tlog-checkpoint).
    private static func summary(_ note: String) -> String {
        let lines = note.split(separator: "\n", omittingEmptySubsequences: false)
        guard lines.count >= 3 else { return "Checkpoint of the audit log" }
        return "Checkpoint of the audit log: \(lines[1]) records, root \(lines[2])"
    }
}
