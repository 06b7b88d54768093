/// The answer to a statement.
struct PostgresAnswer {
    let tag: String
    let changed: Int
    private let types: [UInt32]
    private let rows: [[[UInt8]?]]

    init(_ result: borrowing PostgresResult) {
        (tag, changed, types) = (result.tag, result.changed, result.types)
        var rows: [[[UInt8]?]] = []
        for row in 0..<result.rowCount {
            rows.append(types.indices.map { result.bytes(row: row, column: $0) })
        }
        self.rows = rows
    }

    /// The rows of an answer in the binary format.
    func decoded() throws(StorageError) -> [Row] {
        try rows.map { row throws(StorageError) in
            var values: [StoredValue] = []
            for (type, bytes) in zip(types, row) {
                values.append(
                    try bytes.map { bytes throws(StorageError) in
                        try PostgresType.decode(bytes, type)
                    } ?? .null
                )
            }
            return Row(values)
        }
    }
}

/// The types of values, by the numbers that all servers give them (pg_type.dat).
enum PostgresType {
    static let integer: UInt32 = 20
    static let text: UInt32 = 25
    static let bytes: UInt32 = 17
    /// A type that the server finds by what the statement does with the value.
    static let found: UInt32 = 0

    static func decode(_ bytes: [UInt8], _ type: UInt32) throws(StorageError) -> StoredValue {
        switch type {
        case integer, 21, 23: .integer(signed(bytes))  // int8, int2, int4
        case 16: .integer(bytes == [1] ? 1 : 0)  // bool
        case 1700: .integer(try whole(numeric: bytes))
        case text, 19, 1042, 1043, 705: .text(String(decoding: bytes, as: UTF8.self))
        case Self.bytes: .bytes(bytes)
        case 2278: .null  // void
        default: throw .broken("a value has the type \(type)")
        }
    }

    /// A value as a parameter: its type and its bytes.
    static func encode(_ value: StoredValue) throws(StorageError) -> (UInt32, [UInt8]?) {
        switch value {
        case .null: (found, nil)
        case .integer(let value): (integer, bigEndian(value))
        case .text(let value): (text, Array(try value.storable.utf8))
        case .bytes(let value): (bytes, value)
        }
    }

    private static func bigEndian(_ value: Int64) -> [UInt8] {
        (0..<8).map { UInt8(truncatingIfNeeded: value >> (56 - 8 * $0)) }
    }

    private static func signed(_ bytes: [UInt8]) -> Int64 {
        let isNegative = (bytes.first ?? 0) >= 0x80
        return bytes.reduce(isNegative ? -1 : 0) { $0 << 8 | Int64($1) }
    }

    /// The whole number of a sum of BIGINT, which PostgreSQL gives as a numeric: the number of digits of base
    /// 10,000, the weight of the first, the sign and the decimal places, then the digits.
    private static func whole(numeric bytes: [UInt8]) throws(StorageError) -> Int64 {
        let words = stride(from: 0, to: bytes.count - 1, by: 2)
            .map { Int16(truncatingIfNeeded: signed(Array(bytes[$0...($0 + 1)]))) }
        guard words.count >= 4, words[2] == 0 || words[2] == 0x4000, words[1] < 5 else {
            throw .broken("a sum is no integer of 64 bits")
        }
        let sign: Int64 = words[2] == 0 ? 1 : -1
        var (value, digits) = (Int64(0), Array(words.dropFirst(4)).map(Int64.init))
        guard digits.count <= Int(words[1]) + 1 || digits.isEmpty else {
            throw .broken("a value is a fraction")
        }
        digits += Array(repeating: 0, count: max(0, Int(words[1]) + 1 - digits.count))
        for digit in digits {
            let (product, isTooLarge) = value.multipliedReportingOverflow(by: 10_000)
            let (sum, isTooLargeNow) = product.addingReportingOverflow(sign * digit)
            guard !isTooLarge, !isTooLargeNow else { throw .broken("a sum is beyond 64 bits") }
            value = sum
        }
        return value
    }
}
