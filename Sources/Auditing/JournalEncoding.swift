/// Fields as the journal reads them, on its native socket and in its export format.
///
/// systemd: JOURNAL_NATIVE_PROTOCOL and JOURNAL_EXPORT_FORMATS.
package enum JournalEncoding {
    /// A field and its values; each value becomes a field of its own.
    package typealias Field = (name: String, values: [String])

    /// `NAME=VALUE` lines; a value that a line cannot hold goes by its length instead.
    ///
    /// What has no name that the journal takes is left out, so that no name can add a line.
    package static func encode(_ fields: [Field]) -> [UInt8] {
        var bytes: [UInt8] = []
        for field in fields where isName(field.name) {
            for value in field.values { append(field.name, value, to: &bytes) }
        }
        return bytes
    }

    private static func append(_ name: String, _ value: String, to bytes: inout [UInt8]) {
        bytes += name.utf8
        if value.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F }) {
            let count = UInt64(value.utf8.count)
            bytes.append(UInt8(ascii: "\n"))
            bytes += (0..<8).map { UInt8(truncatingIfNeeded: count >> (8 * $0)) }
        } else {
            bytes.append(UInt8(ascii: "="))
        }
        bytes += value.utf8
        bytes.append(UInt8(ascii: "\n"))
    }

    /// 1 to 64 of `A`-`Z`, `0`-`9` and `_`, no digit first (systemd, journal_field_valid).
    package static func isName(_ name: String) -> Bool {
        let bytes = name.utf8
        guard (1...64).contains(bytes.count), let first = bytes.first else { return false }
        let digits = UInt8(ascii: "0")...UInt8(ascii: "9")
        let letters = UInt8(ascii: "A")...UInt8(ascii: "Z")
        return !digits.contains(first)
            && bytes.allSatisfy {
                letters.contains($0) || digits.contains($0) || $0 == UInt8(ascii: "_")
            }
    }
}

extension Record {
    /// The record as a message to journald, which says by itself when, where and from whom.
    package var journalMessage: [UInt8] {
        JournalEncoding.encode(fields.filter { !$0.name.hasPrefix("_") })
    }
}
