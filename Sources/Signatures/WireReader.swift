/// Reads the SSH wire format (RFC 4251 section 5); `nil` at the end of the bytes.
struct WireReader {
    private var rest: ArraySlice<UInt8>

    init(_ bytes: some Collection<UInt8>) {
        rest = ArraySlice(Array(bytes))
    }

    var isAtEnd: Bool { rest.isEmpty }

    /// The number of bytes that are left.
    var count: Int { rest.count }

    mutating func bytes(_ count: Int) -> [UInt8]? {
        guard count <= rest.count else { return nil }
        defer { rest = rest.dropFirst(count) }
        return Array(rest.prefix(count))
    }

    mutating func byte() -> UInt8? { bytes(1)?.first }

    mutating func uint32() -> UInt32? {
        bytes(4).map { $0.reduce(0) { $0 << 8 | UInt32($1) } }
    }

    mutating func uint64() -> UInt64? {
        bytes(8).map { $0.reduce(0) { $0 << 8 | UInt64($1) } }
    }

    mutating func string() -> [UInt8]? {
        guard let count = uint32() else { return nil }
        return bytes(Int(count))
    }

    mutating func text() -> String? {
        string().flatMap { String(validating: $0, as: UTF8.self) }
    }

    /// A non-negative number, as its bytes without leading zeros.
    ///
    /// RFC 4251 allows one leading zero byte, only to keep the sign, so that each number has one
    /// form.
    mutating func number() -> [UInt8]? {
        guard let bytes = string() else { return nil }
        guard bytes.first == 0 else { return (bytes.first ?? 0) < 0x80 ? bytes : nil }
        let magnitude = bytes.dropFirst()
        return (magnitude.first ?? 0) >= 0x80 ? Array(magnitude) : nil
    }
}

extension [UInt8] {
    /// The bytes as an SSH string.
    var asWireString: [UInt8] {
        (0..<4).reversed().map { UInt8(truncatingIfNeeded: count >> ($0 * 8)) } + self
    }
}
