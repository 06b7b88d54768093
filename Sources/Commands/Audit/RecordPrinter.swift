import Auditing
import CommandSupport
import StrictJSON

/// Writes records one after the other, in one form.
struct RecordPrinter {
    enum Form {
        /// For people: `TIME  EVENT  MESSAGE`.
        case lines
        /// One array, each record on a line of its own.
        case array
        /// A record a line, without an end.
        case jsonLines
        case csv
        /// The journal's export format.
        case export
    }

    private let form: Form
    private let console: Console
    private var count = 0

    init(_ form: Form, on console: Console) {
        self.form = form
        self.console = console
        if form == .csv { console.write(Array(CSVRow.header.utf8)) }
    }

    mutating func show(_ record: DisplayRecord) {
        count += 1
        switch form {
        case .lines: console.print(record.line(console))
        case .jsonLines: console.write(record.json.encoded() + [UInt8(ascii: "\n")])
        case .array: console.write(Array((count == 1 ? "[\n" : ",\n").utf8) + record.json.encoded())
        case .csv: console.write(Array(CSVRow.row(record).utf8))
        case .export: console.write(record.exported)
        }
    }

    func end() {
        if form == .array { console.print(count == 0 ? "[]" : "\n]") }
    }
}

extension DisplayRecord {
    /// The record in the journal's export format, as systemd-journal-remote reads it.
    fileprivate var exported: [UInt8] {
        guard case .object(let members) = json else { return [] }
        let fields = members.map { (name: $0.name, values: values($0.name)) }
        return JournalEncoding.encode(fields) + [UInt8(ascii: "\n")]
    }
}
