import CommandSupport
import Grants
import Reporting
import StrictJSON

/// The answer of `jitgate-fleet report` besides the file.
struct FleetReportSummary {
    /// The most hosts that are named on a terminal.
    private static let mostLines = 50

    let model: FleetReportModel
    let file: String

    private var due: [FleetRow] { model.rows.filter { $0.log.outcome != .unexpected } }
    private var unverified: [FleetRow] { due.filter { $0.log.outcome != .verified } }

    /// True if every log that there should be is verified.
    var isVerified: Bool { unverified.isEmpty }

    func show(on console: Console) {
        for row in unverified.prefix(Self.mostLines) {
            let reason = row.log.reason.isEmpty ? "" : ": \(row.log.reason)"
            let text = DisplayText.safe("\(row.log.outcome.rawValue)\(reason)")
            console.print("\(console.paint("NO", .red))  \(row.host.name): \(text)")
        }
        let more = unverified.count - Self.mostLines
        if more > 0 { console.print("and \(more.counting("more host"))") }
        let verified = "\(due.count - unverified.count) of \(due.count.counting("log")) verified"
        let openings = model.rows.reduce(0) { $0 + $1.openings }.counting("opening")
        console.note(
            "wrote \(file): \(model.rows.count.counting("host")), \(verified), \(openings)"
        )
    }

    var json: JSONValue {
        [
            "file": .string(file), "verified": .bool(isVerified),
            "hosts": .array(model.rows.map { .object(Self.members($0)) }),
        ]
    }

    private static func members(_ row: FleetRow) -> [JSONValue.Member] {
        let (host, log) = (row.host, row.log)
        let texts = [
            ("host", host.name), ("group", host.group), ("state", host.state),
            ("log", log.outcome.rawValue), ("reason", log.reason),
        ]
        let numbers: [(String, Int64)] = [
            ("records", Int64(row.records)), ("openings", Int64(row.openings)),
            ("used", Int64(row.used)), ("dormant", Int64(row.dormant)), ("long", Int64(row.long)),
            ("break_glass", Int64(row.alarms)), ("unreviewed", Int64(row.unreviewed)),
            ("refused", row.refused), ("denied", row.denied), ("findings", Int64(row.findings)),
        ]
        let size = log.size.map { JSONValue.integer(Int64(clamping: $0)) } ?? .null
        return texts.map { .init($0, .string($1)) } + [.init("log_size", size)]
            + numbers.map { .init($0, .integer($1)) }
    }

    /// The same members as the rows of `--json`.
    var csv: CSVTable {
        let rows = model.rows.map(Self.members)
        let columns = rows.first?.map(\.name) ?? ["host"]
        return CSVTable(columns: columns, rows: rows.map { $0.map { Self.cell($0.value) } })
    }

    private static func cell(_ value: JSONValue) -> String {
        value.text ?? value.number.map { "\($0)" } ?? ""
    }
}
