/// The parameters of statements as the engines want them.
enum NumberedParameters {
    /// `$1` as `?1`, but not in texts and quoted names.
    static func sqlite(_ sql: String) -> String {
        var (result, quote): ([UInt8], UInt8?) = ([], nil)
        result.reserveCapacity(sql.utf8.count)
        for byte in sql.utf8 {
            switch (byte, quote) {
            case (UInt8(ascii: "$"), nil): result.append(UInt8(ascii: "?"))
            case (UInt8(ascii: "'"), nil), (UInt8(ascii: "\""), nil):
                quote = byte
                result.append(byte)
            default:
                if byte == quote { quote = nil }
                result.append(byte)
            }
        }
        return String(decoding: result, as: UTF8.self)
    }
}

extension String {
    /// The text; PostgreSQL has none with a NUL, and SQLite would cut it off there.
    var storable: String {
        get throws(StorageError) {
            guard !utf8.contains(0) else { throw .broken("a text with a NUL cannot be stored") }
            return self
        }
    }
}
