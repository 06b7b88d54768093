import Grants

/// Conditions of the audit log, its key, its disk and its copy in the journal.
package enum AuditConditions {
    /// The disk takes no records.
    package static func logFull(_ directory: String, because reason: String) -> Condition {
        Condition(
            .logFull,
            directory,
            "the audit log takes no records, so nothing opens: \(reason)",
            mend: "make room or remount: df -h \(ShellWord.quoted(directory)); "
                + "the agent goes on within 5 s"
        )
    }

    /// Work on the log that follows its records fails.
    package static func logUpkeepFailed(_ directory: String, because reason: String) -> Condition {
        Condition(
            .logUpkeepFailed,
            directory,
            "the audit log has all records, but not all that goes with them: \(reason)",
            mend: "make room, or repair the file that this names; the agent tries again"
        )
    }

    /// The log and its key are those of another machine.
    package static func hostCloned(from machine: String) -> Condition {
        Condition(
            .hostCloned,
            machine,
            "the audit log and its key are of another machine (\(machine)), of which this one is a "
                + "clone: nothing opens and nothing is signed until it has its own key",
            mend: "sudo jitgate audit rekey"
        )
    }

    /// A user other than root can read the key that signs the log.
    package static func auditKeyExposed(_ path: String) -> Condition {
        Condition(
            .auditKeyExposed,
            path,
            "\(path) may be read by others than root: they can sign another log",
            mend: "chmod 600 \(ShellWord.quoted(path))"
        )
    }

    // MARK: disk

    private static func room(_ directory: String) -> String {
        "make room: df -h \(ShellWord.quoted(directory))"
    }

    private static func free(_ bytes: Int64, _ directory: String) -> String {
        "\(bytes.sizeText) free for \(directory)"
    }

    /// The log's disk is about to be full.
    package static func diskNearlyFull(_ directory: String, free bytes: Int64) -> Condition {
        let message = "\(free(bytes, directory)): when it is full nothing opens"
        return Condition(.diskNearlyFull, directory, message, mend: room(directory))
    }

    /// Strangers leave less on record than their allowance has room for.
    package static func keepFreeReached(_ directory: String, free bytes: Int64) -> Condition {
        Condition(
            .keepFreeReached,
            directory,
            "\(free(bytes, directory)), less than audit.keep_free: denied packets get a summary an "
                + "hour, and none at half of that",
            mend: room(directory)
        )
    }

    /// The log's disk may be full within a day.
    package static func diskLow(_ directory: String, free bytes: Int64) -> Condition {
        Condition(.diskLow, directory, "only \(free(bytes, directory))", mend: room(directory))
    }

    /// The log's disk will be full soon, if the log grows as it does.
    package static func diskFilling(
        _ directory: String,
        free bytes: Int64,
        forecast: String
    ) -> Condition {
        let remedy = room(directory) + ", or set audit.retention"
        let message = "\(free(bytes, directory)), \(forecast)"
        return Condition(.diskFilling, directory, message, mend: remedy)
    }

    // MARK: journal

    /// Journald does not take copies of `count` records, which are in the log.
    package static func journalRefuses(
        _ count: Int,
        log: String,
        because reason: String
    ) -> Condition {
        Condition(
            .journalRefuses,
            log,
            "the journal does not take records: \(reason); \(count) are in \(log) alone",
            mend: "systemctl status systemd-journald; the agent sends them again"
        )
    }

    /// There is no journald.
    package static func journalAbsent(_ socket: String) -> Condition {
        let message = "no journald here: records are in the log alone"
        return Condition(.journalAbsent, socket, message, mend: nil)
    }
}
