/// One event as inotify(7) writes it: `struct inotify_event` in host byte order.
struct InotifyRecord: Hashable {
    let watch: Int32
    let mask: UInt32
    /// The number that pairs both records of a rename; otherwise 0.
    let cookie: UInt32
    /// The name of the file; empty if the event is about the watched directory itself.
    let name: String

    /// Parses the whole records in `bytes`; a record cut off at the end is left out.
    static func records(in bytes: [UInt8]) -> [InotifyRecord] {
        var records: [InotifyRecord] = []
        var rest = bytes[...]
        while let record = next(&rest) { records.append(record) }
        return records
    }

    /// Parses wd, mask, cookie and len, 32 bits each, then `len` bytes of name, padded with zeros.
    private static func next(_ rest: inout ArraySlice<UInt8>) -> InotifyRecord? {
        guard rest.count >= 16 else { return nil }
        let length = Int(word(rest, at: 12))
        guard rest.count - 16 >= length else { return nil }
        let name = rest.dropFirst(16).prefix(length).prefix { $0 != 0 }
        defer { rest = rest.dropFirst(16 + length) }
        return InotifyRecord(
            watch: Int32(bitPattern: word(rest, at: 0)),
            mask: word(rest, at: 4),
            cookie: word(rest, at: 8),
            name: String(decoding: name, as: UTF8.self)
        )
    }

    private static func word(_ bytes: ArraySlice<UInt8>, at offset: Int) -> UInt32 {
        let bytes = bytes.dropFirst(offset).prefix(4)
        #if _endian(little)
            return bytes.reversed().reduce(0) { $0 << 8 | UInt32($1) }
        #else
            return bytes.reduce(0) { $0 << 8 | UInt32($1) }
        #endif
    }
}
