import Auditing
import CommandSupport
import Grants

/// A record as a row of a spreadsheet (RFC 4180).
enum CSVRow {
    private static let fields = [
        "JITGATE_SEQ", "JITGATE_EVENT", "MESSAGE", "_HOSTNAME",
    ]
    private static let columns =
        fields
        + AuditField.allCases.map(\.rawValue)
        .filter { !left.contains($0) }
    /// The fields that no cell should hold, because they are whole files.
    private static let left: Set<String> = [
        "JITGATE_EVIDENCE", "JITGATE_ALLOWED_SIGNERS", "JITGATE_POLICY_FALLBACK",
    ]

    static let header = CSV.row(["TIME"] + columns)

    static func row(_ record: DisplayRecord) -> String {
        let time = record.moment.map(\.description) ?? ""
        return CSV.row([time] + columns.map { record.values($0).joined(separator: "; ") })
    }
}
