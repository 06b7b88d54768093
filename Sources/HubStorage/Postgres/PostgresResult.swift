import CPostgres

/// A result of libpq, freed with the value.
@safe struct PostgresResult: ~Copyable {
    private let result: OpaquePointer

    @unsafe init(_ result: OpaquePointer) {
        unsafe self.result = unsafe result
    }

    deinit { unsafe PQclear(result) }

    /// The reason of the server, if it is one of failure.
    var failure: PostgresFailure? {
        switch unsafe PQresultStatus(result) {
        case PGRES_COMMAND_OK, PGRES_TUPLES_OK, PGRES_EMPTY_QUERY: nil
        default: PostgresFailure(kind: isLast ? .lost : .refused, state: state, text: message)
        }
    }

    private var state: String { field(PostgresField.state) ?? "" }

    /// True if the server closes the connection after it, or if it has no text from the server.
    private var isLast: Bool {
        guard let severity = field(PostgresField.severity) else { return true }
        return severity == "FATAL" || severity == "PANIC"
    }

    private var message: String {
        let text = field(PostgresField.message)
        let whole = unsafe String(cString: PQresultErrorMessage(result))
        return PostgresText.line(text ?? whole)
    }

    private func field(_ code: CInt) -> String? {
        unsafe PQresultErrorField(result, code).map { unsafe String(cString: $0) }
    }

    /// The command that it answers, such as COMMIT.
    var tag: String { unsafe String(cString: PQcmdStatus(result)) }

    var changed: Int { Int(unsafe String(cString: PQcmdTuples(result))) ?? 0 }

    var rowCount: Int { Int(unsafe PQntuples(result)) }

    /// The types of the columns, by the numbers of the server.
    var types: [UInt32] {
        (0..<(unsafe PQnfields(result))).map { unsafe PQftype(result, $0) }
    }

    /// The bytes of a value; `nil` if it is null.
    func bytes(row: Int, column: Int) -> [UInt8]? {
        let (row, column) = (CInt(row), CInt(column))
        guard unsafe PQgetisnull(result, row, column) == 0,
            let start = unsafe PQgetvalue(result, row, column)
        else { return nil }
        let count = Int(unsafe PQgetlength(result, row, column))
        return unsafe Array(UnsafeRawBufferPointer(start: start, count: count))
    }
}

/// The fields of an error (postgres_ext.h has them as macros that Swift does not see).
private enum PostgresField {
    static let severity = CInt(UInt8(ascii: "V"))
    static let state = CInt(UInt8(ascii: "C"))
    static let message = CInt(UInt8(ascii: "M"))
}
