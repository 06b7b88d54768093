import ArgumentParser
import Auditing
import Configuration
import Control
import Grants
import StrictJSON
import SystemPackage

struct AuditShowCommand: Verb {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show records of the audit log, and with -f new ones as they come.",
        discussion: """
            With --json: one array, or with -f a record a line.

              sudo jitgate audit show -n 20
              sudo jitgate audit show --event grant-refused --since 2026-12-01T00:00:00Z
              sudo jitgate audit show --grant 0b8a2f6e-5c1d-4f0e-9a43-2f1f6f0c7d11 --json
            """
    )

    @Option(
        help: ArgumentHelp("Records of this event alone.", valueName: "event"),
        completion: .list(AuditEvent.allCases.map(\.rawValue)),
        transform: AuditShowCommand.event
    )
    var event: AuditEvent?

    @Option(
        help: ArgumentHelp("Records about this grant alone.", valueName: "id"),
        transform: GrantID.init(parsing:)
    )
    var grant: GrantID?

    @Option(
        help: ArgumentHelp("At or after, RFC 3339 in UTC.", valueName: "moment"),
        transform: Moment.init(parsing:)
    )
    var since: Moment?

    @Option(
        help: ArgumentHelp("Before, RFC 3339 in UTC.", valueName: "moment"),
        transform: Moment.init(parsing:)
    )
    var until: Moment?

    @Option(
        name: [.customShort("n"), .long],
        help: ArgumentHelp("The last so many.", valueName: "n")
    )
    var lines: Int?

    @Flag(name: .shortAndLong, help: "Go on with new records, which the agent tells of.")
    var follow = false

    @OptionGroup var format: FormatOptions
    @OptionGroup var policy: PolicyOptions

    private static func event(_ text: String) throws(TextError) -> AuditEvent {
        guard let event = AuditEvent(rawValue: text) else {
            let known = AuditEvent.allCases.map(\.rawValue).joined(separator: ", ")
            throw TextError("no such event; there are \(known)")
        }
        return event
    }

    func validate() throws {
        guard lines.map({ $0 >= 0 }) ?? true else {
            throw ValidationError("-n takes no less than 0")
        }
    }

    func perform(on console: Console) throws(CommandFailure) {
        let configuration = try policy.load(console)
        let path = AuditLogFile.path(configuration)
        guard follow else {
            let records = try records(path)
            guard format.json else { return records.forEach { show($0, on: console) } }
            return console.print(json: .array(records.map(\.json)))
        }
        // Watching begins before the file is read, so that nothing falls in between.
        let session = try AgentSession(configuration)
        var last: UInt64?
        var failure: CommandFailure?
        try session.ask { client throws(ControlError) in
            try client.watch { record in
                do throws(CommandFailure) {
                    for record in try news(record, path) where isNew(record, after: last) {
                        last = record.sequence ?? last
                        if filter.takes(record) { show(record, on: console) }
                    }
                    return true
                } catch {
                    failure = error
                    return false
                }
            }
        }
        if let failure { throw failure }
    }

    /// The record, or at first all that the file holds.
    private func news(
        _ record: JSONValue?,
        _ path: String
    ) throws(CommandFailure) -> [ShownRecord] {
        guard let record else { return try records(path) }
        return [ShownRecord(record)]
    }

    private func isNew(_ record: ShownRecord, after last: UInt64?) -> Bool {
        guard let last, let sequence = record.sequence else { return true }
        return sequence > last
    }

    private var filter: RecordFilter {
        RecordFilter(event: event?.rawValue, grant: grant, since: since, until: until)
    }

    private func show(_ record: ShownRecord, on console: Console) {
        if format.json {
            console.write(record.json.encoded() + [UInt8(ascii: "\n")])
        } else {
            console.print(record.line(console))
        }
    }

    /// The records of the file that are asked for.
    private func records(_ path: String) throws(CommandFailure) -> [ShownRecord] {
        var records: [ShownRecord] = []
        var number = 0
        do {
            try AuditLogFile.forEachLine(path) { line in
                number += 1
                let record = ShownRecord(try JSONNode.parse(line).value)
                guard filter.takes(record) else { return }
                records.append(record)
                // Twice as many before the older half goes: each is moved once.
                if let lines, records.count > max(64, 2 * lines) {
                    records.removeFirst(records.count - lines)
                }
            }
        } catch let error as Errno {
            throw Self.failure(error, path)
        } catch {
            throw CommandFailure(.no, "\(path): record in line \(number): \(error)")
        }
        return lines.map { Array(records.suffix($0)) } ?? records
    }

    private static func failure(_ error: Errno, _ path: String) -> CommandFailure {
        switch error {
        case .permissionDenied:
            CommandFailure(.noPermission, "\(path): you may not read it", hints: ["try sudo"])
        case .noSuchFileOrDirectory:
            CommandFailure(.noInput, "\(path): there is no log yet")
        default: CommandFailure(.inputOutput, "\(path): \(error)")
        }
    }
}
