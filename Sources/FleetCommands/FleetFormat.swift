import ArgumentParser
import CommandSupport
import StrictJSON

/// The form of an answer of `jitgate-fleet`.
struct FleetFormat: ParsableArguments {
    @Flag(help: "Print JSON instead of text.")
    var json = false

    @Flag(help: "Print CSV instead of text.")
    var csv = false

    /// True if the answer is for people.
    var isText: Bool { !json && !csv }

    func validate() throws {
        guard !json || !csv else { throw ValidationError("--json and --csv exclude each other") }
    }

    /// Writes the answer for programs; nothing if it is for people.
    func write(json value: @autoclosure () -> JSONValue, csv table: CSVTable, on console: Console) {
        if json { console.print(json: value()) }
        if csv { console.write(Array(table.text.utf8)) }
    }
}

/// Rows for a spreadsheet below their columns (RFC 4180).
struct CSVTable {
    let columns: [String]
    let rows: [[String]]

    var text: String { CSV.row(columns) + rows.map(CSV.row).joined() }
}
