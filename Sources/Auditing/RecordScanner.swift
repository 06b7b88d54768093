import Grants

/// Reads a line exactly as `Record.line` writes it, without a tree of JSON in between.
///
/// Lines that differ, even by a blank, are not read here: the strict parser reads them.
struct RecordScanner {
    private static let fixedNames = [
        "__REALTIME_TIMESTAMP", "__MONOTONIC_TIMESTAMP", "_BOOT_ID", "_MACHINE_ID", "_HOSTNAME",
        "SYSLOG_IDENTIFIER", "PRIORITY", "MESSAGE", "MESSAGE_ID", "JITGATE_SEQ", "JITGATE_EVENT",
    ].map { Array("\"\($0)\":".utf8) }

    private static let names = AuditField.allCases.map { ($0, Array(",\"\($0.rawValue)\":".utf8)) }
    private static let quote = UInt8(ascii: "\"")
    private static let backslash = UInt8(ascii: "\\")

    private let bytes: ArraySlice<UInt8>
    private var index: Int

    private init(_ bytes: ArraySlice<UInt8>) {
        self.bytes = bytes
        index = bytes.startIndex
    }

    /// - Returns: `nil` if the line is not in the one form.
    static func record(_ line: ArraySlice<UInt8>) -> Record? {
        var scanner = Self(line.last == UInt8(ascii: "\n") ? line.dropLast() : line)
        guard let record = scanner.record(), scanner.index == scanner.bytes.endIndex else {
            return nil
        }
        return record
    }

    private mutating func record() -> Record? {
        var values: [String] = []
        values.reserveCapacity(Self.fixedNames.count)
        for (number, name) in Self.fixedNames.enumerated() {
            guard take(number == 0 ? UInt8(ascii: "{") : UInt8(ascii: ",")), take(name),
                let value = string()
            else { return nil }
            values.append(value)
        }
        guard let fields = fields(), let event = AuditEvent(rawValue: values[10]),
            let sequence = Self.number(values[9], as: UInt64.self),
            let realtime = Self.number(values[0], as: Int64.self),
            let boot = Self.number(values[1], as: Int64.self)
        else { return nil }
        let stamp = RecordStamp(
            realtime: Moment(microseconds: realtime),
            boot: boot,
            bootID: values[2],
            machineID: values[3],
            hostname: values[4]
        )
        let entry = AuditEntry(event, values[7], fields: fields)
        return Record(sequence: sequence, stamp: stamp, entry: entry)
    }

    private static func number<Number: FixedWidthInteger>(
        _ text: String,
        as type: Number.Type
    ) -> Number? {
        Number(text).flatMap { String($0) == text ? $0 : nil }
    }

    /// The fields after the fixed ones, each at most once since their order is fixed, too.
    private mutating func fields() -> [AuditField: [String]]? {
        var fields: [AuditField: [String]] = [:]
        for (field, name) in Self.names {
            guard take(name) else { continue }
            guard let values = values() else { return nil }
            fields[field] = values
        }
        return take(UInt8(ascii: "}")) ? fields : nil
    }

    /// A string, or an array of at least two.
    private mutating func values() -> [String]? {
        guard take(UInt8(ascii: "[")) else { return string().map { [$0] } }
        var values: [String] = []
        repeat {
            guard let value = string() else { return nil }
            values.append(value)
        } while take(UInt8(ascii: ","))
        return take(UInt8(ascii: "]")) && values.count > 1 ? values : nil
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard index < bytes.endIndex, bytes[index] == byte else { return false }
        index += 1
        return true
    }

    private mutating func take(_ text: [UInt8]) -> Bool {
        guard text.count <= bytes.endIndex - index else { return false }
        for place in text.indices where bytes[index + place] != text[place] { return false }
        index += text.count
        return true
    }

    private mutating func string() -> String? {
        guard take(Self.quote) else { return nil }
        let start = index
        var all: UInt8 = 0
        while index < bytes.endIndex {
            let byte = bytes[index]
            if byte == Self.quote {
                defer { index += 1 }
                let text = bytes[start..<index]
                // ASCII is valid, and nearly all there is.
                return all < 0x80
                    ? String(decoding: text, as: UTF8.self)
                    : String(validating: text, as: UTF8.self)
            }
            if byte == Self.backslash { return escaped(from: start) }
            guard byte >= 0x20 else { return nil }
            all |= byte
            index += 1
        }
        return nil
    }

    /// The rest of a string from its first backslash on.
    private mutating func escaped(from start: Int) -> String? {
        var content = Array(bytes[start..<index])
        while index < bytes.endIndex {
            let byte = bytes[index]
            index += 1
            if byte == Self.quote { return String(validating: content, as: UTF8.self) }
            guard byte >= 0x20 else { return nil }
            if byte != Self.backslash {
                content.append(byte)
            } else {
                guard let scalar = escape() else { return nil }
                content += scalar
            }
        }
        return nil
    }

    private mutating func escape() -> [UInt8]? {
        guard index < bytes.endIndex else { return nil }
        let byte = bytes[index]
        index += 1
        switch byte {
        case Self.quote, Self.backslash: return [byte]
        case UInt8(ascii: "n"): return [UInt8(ascii: "\n")]
        case UInt8(ascii: "t"): return [UInt8(ascii: "\t")]
        case UInt8(ascii: "u"): break
        default: return nil
        }
        let digits = bytes[index...].prefix(4)
        index += digits.count
        let text = String(decoding: digits, as: UTF8.self)
        guard digits.count == 4, let value = UInt32(text, radix: 16), value > 0,
            !text.hasPrefix("+"), let scalar = Unicode.Scalar(value)
        else { return nil }
        return UTF8.encode(scalar).map(Array.init)
    }
}
