/// Rows for a spreadsheet (RFC 4180).
package enum CSV {
    /// One row with its end of line.
    package static func row(_ cells: [String]) -> String {
        cells.map(cell).joined(separator: ",") + "\r\n"
    }

    /// Text as a spreadsheet shows it and never computes it.
    ///
    /// Text that begins like a formula gets an apostrophe before it (OWASP, CSV injection); what a
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
