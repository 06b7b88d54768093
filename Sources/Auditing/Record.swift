package import Grants
package import StrictJSON

/// The place and time at which a record was made.
package struct RecordStamp: Hashable, Sendable {
    /// The wall clock.
    package let realtime: Moment
    /// CLOCK_BOOTTIME in microseconds.
    package let boot: Int64
    package let bootID: String
    package let machineID: String
    package let hostname: String

    package init(
        realtime: Moment,
        boot: Int64,
        bootID: String,
        machineID: String,
        hostname: String
    ) {
        self.realtime = realtime
        self.boot = boot
        self.bootID = bootID
        self.machineID = machineID
        self.hostname = hostname
    }
}

/// One line of the audit log (docs/PROTOCOL.audit).
package struct Record: Hashable, Sendable {
    /// 0, 1, 2, … without a gap.
    package let sequence: UInt64
    package let stamp: RecordStamp
    package let entry: AuditEntry

    package init(sequence: UInt64, stamp: RecordStamp, entry: AuditEntry) {
        self.sequence = sequence
        self.stamp = stamp
        self.entry = entry
    }

    /// Every field with its values, as the journal names them, in the order they are written.
    package var fields: [(name: String, values: [String])] {
        var fields: [(name: String, values: [String])] = [
            ("__REALTIME_TIMESTAMP", [String(stamp.realtime.microseconds)]),
            ("__MONOTONIC_TIMESTAMP", [String(stamp.boot)]),
            ("_BOOT_ID", [stamp.bootID]),
            ("_MACHINE_ID", [stamp.machineID]),
            ("_HOSTNAME", [stamp.hostname]),
            ("SYSLOG_IDENTIFIER", ["jitgated"]),
            ("PRIORITY", [String(entry.event.priority)]),
            ("MESSAGE", [entry.message]),
            ("MESSAGE_ID", [entry.event.messageID]),
            ("JITGATE_SEQ", [String(sequence)]),
            ("JITGATE_EVENT", [entry.event.rawValue]),
        ]
        for field in AuditField.allCases {
            guard let values = entry.fields[field], !values.isEmpty else { continue }
            fields.append((field.rawValue, values))
        }
        return fields
    }

    package var json: JSONValue {
        .object(
            fields.map { name, values in
                JSONValue.Member(
                    name,
                    values.count == 1 ? .string(values[0]) : .array(values.map(JSONValue.string))
                )
            }
        )
    }

    /// The record as a line of the log, its line feed included.
    package var line: [UInt8] { json.encoded() + [UInt8(ascii: "\n")] }
}
