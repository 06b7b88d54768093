import Grants
package import StrictJSON

/// The reason that a line of the log is not a record.
package struct RecordError: Error, Hashable, Sendable, CustomStringConvertible {
    package let description: String

    package init(description: String) {
        self.description = description
    }
}

extension Record {
    /// The most that one line may hold, several times what the agent writes: two policy files of
    /// 256 KiB, each escaped to twice that, and the rest.
    package static let limits = JSONNode.Limits(bytes: 8 << 20, depth: 16)

    /// Reads one line of the log, with or without its line feed.
    package init(parsing line: [UInt8]) throws(RecordError) {
        try self.init(parsing: line[...])
    }

    /// Reads one line of the log, with or without its line feed.
    package init(parsing line: ArraySlice<UInt8>) throws(RecordError) {
        if let record = RecordScanner.record(line) {
            self = record
        } else {
            try self.init(strictly: line)
        }
    }

    /// Reads one line of the log if it is in the form that this version writes.
    package init?(scanning line: [UInt8]) {
        guard let record = RecordScanner.record(line[...]) else { return nil }
        self = record
    }

    private init(strictly line: ArraySlice<UInt8>) throws(RecordError) {
        let fields: RecordFields
        do {
            fields = try RecordFields(JSONNode.parse(Array(line), limits: Record.limits).value)
        } catch let error as JSONSyntaxError {
            throw RecordError(description: error.description)
        } catch let error as RecordError {
            throw error
        } catch {
            throw RecordError(description: "\(error)")
        }
        sequence = try fields.number("JITGATE_SEQ")
        stamp = RecordStamp(
            realtime: Moment(microseconds: try fields.number("__REALTIME_TIMESTAMP")),
            boot: try fields.number("__MONOTONIC_TIMESTAMP"),
            bootID: try fields.text("_BOOT_ID"),
            machineID: try fields.text("_MACHINE_ID"),
            hostname: try fields.text("_HOSTNAME")
        )
        entry = try fields.entry()
    }
}

/// The fields of one line, by name.
private struct RecordFields {
    private var values: [String: [String]] = [:]

    init(_ json: JSONValue) throws(RecordError) {
        guard case .object(let members) = json else {
            throw RecordError(description: "a record is a JSON object")
        }
        for member in members {
            values[member.name] = try Self.texts(member.value, of: member.name)
        }
    }

    private static func texts(_ json: JSONValue, of name: String) throws(RecordError) -> [String] {
        switch json {
        case .string(let text): return [text]
        case .array(let items):
            var texts: [String] = []
            for case .string(let text) in items { texts.append(text) }
            guard texts.count == items.count else { fallthrough }
            return texts
        default: throw RecordError(description: "`\(name)` is not a string or an array of strings")
        }
    }

    func text(_ name: String) throws(RecordError) -> String {
        guard let texts = values[name], let text = texts.first else {
            throw RecordError(description: "`\(name)` is missing")
        }
        guard texts.count == 1 else {
            throw RecordError(description: "`\(name)` has several values")
        }
        return text
    }

    func number<Number: FixedWidthInteger>(_ name: String) throws(RecordError) -> Number {
        let text = try text(name)
        guard let number = Number(text), String(number) == text else {
            throw RecordError(description: "`\(name)` is not a decimal number: \(text)")
        }
        return number
    }

    func entry() throws(RecordError) -> AuditEntry {
        let name = try text("JITGATE_EVENT")
        guard let event = AuditEvent(rawValue: name) else {
            throw RecordError(description: "`JITGATE_EVENT` is no event of this version: \(name)")
        }
        var fields: [AuditField: [String]] = [:]
        for field in AuditField.allCases {
            // No value at all is as if the field were not there, as it is when it is written.
            guard let values = values[field.rawValue], !values.isEmpty else { continue }
            fields[field] = values
        }
        return AuditEntry(event, try text("MESSAGE"), fields: fields)
    }
}
