import HTTPTypes
import Hummingbird

/// Rows as RFC 4180 has them, for spreadsheets.
enum CSVRows {
    static func answer(_ head: [String], _ rows: [[String]]) -> Response {
        let text = ([head] + rows).map(row).joined()
        return HubAnswer.bytes(Array(text.utf8), "text/csv; charset=utf-8; header=present")
    }

    private static func row(_ cells: [String]) -> String {
        cells.map(cell).joined(separator: ",") + "\r\n"
    }

    /// Text that begins like a formula gets an apostrophe before it (OWASP, CSV injection).
    private static func cell(_ text: String) -> String {
        let isFormula = text.drop { $0 == " " }.first.map { "=+-@\t\r".contains($0) } ?? false
        let harmless = isFormula ? "'" + text : text
        let isQuoted = harmless.utf8.contains { [0x22, 0x2C, 0x0A, 0x0D].contains($0) }
        return isQuoted ? "\"\(harmless.replacing("\"", with: "\"\""))\"" : harmless
    }
}
