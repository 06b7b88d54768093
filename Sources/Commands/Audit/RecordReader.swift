import Auditing
import CommandSupport
import Recording
import StrictJSON
import SystemPackage

/// Reads the records of the log that a filter takes.
struct RecordReader {
    /// The log's newest file.
    let path: String
    let filter: RecordFilter

    /// Hands over each record, oldest first.
    func forEach(_ body: (DisplayRecord) -> Void) throws(CommandFailure) {
        try forEachTaken { line, place throws(CommandFailure) in body(try shown(line, place)) }
    }

    /// Returns the last `count` records, or all.
    func last(_ count: Int?) throws(CommandFailure) -> [DisplayRecord] {
        // As lines, which take a fraction of what a parsed record takes.
        var lines: [[UInt8]] = []
        try forEachTaken { line, _ in
            lines.append(line)
            // Twice as many before the older half goes: each is moved once.
            if let count, lines.count > 64, lines.count / 2 > count {
                lines.removeFirst(lines.count - count)
            }
        }
        return lines.suffix(count ?? lines.count)
            .compactMap { try? JSONNode.parse($0, limits: Record.limits).value }
            .map(DisplayRecord.init)
    }

    /// Hands over the lines that the filter takes, and where they are.
    private func forEachTaken(
        _ body: ([UInt8], String) throws(CommandFailure) -> Void
    ) throws(CommandFailure) {
        var before: UInt64?
        try forEachLine { line, number throws(CommandFailure) in
            let place = Self.place(line: number, behind: before)
            let takes: Bool
            // A line as this version writes it, nearly every one, is read in a fraction of the time.
            if let record = Record(scanning: line) {
                before = record.sequence
                takes = filter.takes(record)
            } else {
                let record = try shown(line, place)
                before = record.sequence ?? before
                takes = filter.takes(record)
            }
            if takes { try body(line, place) }
        }
    }

    private func shown(_ line: [UInt8], _ place: String) throws(CommandFailure) -> DisplayRecord {
        do {
            return DisplayRecord(try JSONNode.parse(line, limits: Record.limits).value)
        } catch {
            throw CommandFailure(.no, "\(path): \(place) is broken: \(error)")
        }
    }

    /// Hands over each line with its number, from 1 on, whatever it holds.
    func forEachLine(
        _ body: ([UInt8], Int) throws(CommandFailure) -> Void
    ) throws(CommandFailure) {
        var number = 0
        do {
            try AuditLogFile.forEachLine(path) { line in
                number += 1
                try body(line, number)
            }
        } catch let error as CommandFailure {
            throw error
        } catch let error as RecordingError {
            throw Self.failure(error)
        } catch {
            throw CommandFailure(.inputOutput, "\(path): \(error)")
        }
    }

    /// Lines are counted over all files of the log; the record before says which file it is.
    static func place(line number: Int, behind record: UInt64?) -> String {
        record.map { "the line behind record \($0)" } ?? "line \(number)"
    }

    private static func failure(_ error: RecordingError) -> CommandFailure {
        switch error.errno {
        case nil: CommandFailure(.no, error.description)
        case .permissionDenied:
            CommandFailure(
                .noPermission,
                "\(error.path): you may not read it",
                hints: ["try sudo"]
            )
        case .noSuchFileOrDirectory:
            CommandFailure(.noInput, "\(error.path): there is no log yet")
        case .some(let errno): CommandFailure(.inputOutput, "\(error.path): \(errno)")
        }
    }
}
