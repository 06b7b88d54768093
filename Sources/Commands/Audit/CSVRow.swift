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

    static let header = row(["TIME"] + columns)

    static func row(_ record: DisplayRecord) -> String {
        let time = record.moment.map(\.description) ?? ""
        return row([time] + columns.map { record.values($0).joined(separator: "; ") })
    }

    private static func row(_ cells: [String]) -> String {
        cells.map(cell).joined(separator: ",") + "\r\n"
    }

    /// Text that a spreadsheet shows and never computes.
    ///
    /// What begins like a formula gets an apostrophe before it (OWASP, CSV injection); what a
    /// terminal would act on is escaped.
    private static func cell(_ text: String) -> String {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        let shown = lines.map { DisplayText.safe(String($0)) }.joined(separator: "\n")
        let isFormula = shown.drop { $0 == " " }.first.map { "=+-@".contains($0) } ?? false
        let harmless = isFormula ? "'" + shown : shown
        let quoted = harmless.utf8.contains { [0x22, 0x2C, 0x0A, 0x0D].contains($0) }
        return quoted ? "\"\(harmless.replacing("\"", with: "\"\""))\"" : harmless
    }
}
