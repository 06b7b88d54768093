import CommandSupport
import Grants
import StrictJSON

/// A record of the audit log as people read it; also one of an event that this version does not know.
struct DisplayRecord {
    let json: JSONValue

    init(_ json: JSONValue) {
        self.json = json
    }

    /// All values of a field; one is a plain string (PROTOCOL.audit, section 2).
    func values(_ field: String) -> [String] {
        guard let value = json[field] else { return [] }
        return value.text.map { [$0] } ?? value.items?.compactMap(\.text) ?? []
    }

    var event: String { values("JITGATE_EVENT").first ?? "?" }

    var sequence: UInt64? { values("JITGATE_SEQ").first.flatMap { UInt64($0) } }

    var moment: Moment? {
        values("__REALTIME_TIMESTAMP").first.flatMap { Int64($0) }.map(Moment.init(microseconds:))
    }

    /// `TIME  EVENT  MESSAGE`, and the reason where the message may not have it.
    func line(_ console: Console) -> String {
        let time = moment.map { "\($0.wholeSecond)" } ?? "?"
        let event = DisplayText.safe(event)
        let padding = String(repeating: " ", count: max(0, Self.eventWidth - event.count))
        let message = values("MESSAGE").first ?? ""
        return "\(time)  \(console.paint(event, colour))\(padding)  \(DisplayText.safe(message))"
    }

    /// The longest name of an event.
    private static let eventWidth = "tamper-detected".count

    /// By syslog's priority: 3 is an error, 4 a warning.
    private var colour: Console.Colour? {
        switch values("PRIORITY").first.flatMap({ Int($0) }) {
        case .some(...3): .red
        case 4: .yellow
        default: event == "grant-opened" ? .green : nil
        }
    }
}
