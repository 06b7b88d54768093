import ArgumentParser
import Auditing
import CommandSupport
import Grants

/// The options that select records.
///
/// A repeated option widens, another kind of option narrows.
struct RecordFilterOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp("Records of this event alone.", valueName: "event"),
        completion: .list(AuditEvent.allCases.map(\.rawValue)),
        transform: RecordFilterOptions.event
    )
    var event: [AuditEvent] = []

    @Option(
        help: ArgumentHelp("About this grant.", valueName: "id"),
        transform: GrantID.init(parsing:)
    )
    var grant: [GrantID] = []

    @Option(help: ArgumentHelp("About grants of this requestor.", valueName: "name"))
    var requestor: [String] = []

    @Option(help: ArgumentHelp("About what this principal signed.", valueName: "name"))
    var signer: [String] = []

    @Option(
        help: ArgumentHelp("About a source that overlaps with this.", valueName: "cidr"),
        transform: Prefix.init(parsing:)
    )
    var source: [Prefix] = []

    @Option(
        help: ArgumentHelp("About this port, such as 22/tcp.", valueName: "port"),
        transform: Port.init(parsing:)
    )
    var port: [Port] = []

    @Option(
        name: [.customShort("S"), .long],
        parsing: .unconditional,
        help: ArgumentHelp("At or after, as journalctl takes times.", valueName: "time")
    )
    var since: String?

    @Option(
        name: [.customShort("U"), .long],
        parsing: .unconditional,
        help: ArgumentHelp("Before, as journalctl takes times.", valueName: "time")
    )
    var until: String?

    private static func event(_ text: String) throws(TextError) -> AuditEvent {
        guard let event = AuditEvent(rawValue: text) else {
            let known = AuditEvent.allCases.map(\.rawValue).joined(separator: ", ")
            throw TextError("no such event; there are \(known)")
        }
        return event
    }

    func filter(_ console: Console) throws(CommandFailure) -> RecordFilter {
        let since = try console.moment(since, of: "--since")
        let until = try console.moment(until, of: "--until")
        if let since, let until, since > until {
            throw CommandFailure(.usage, "--since has to be before --until")
        }
        return RecordFilter(
            events: Set(event.map(\.rawValue)),
            grants: Set(grant.map(\.description)),
            requestors: Set(requestor),
            signers: Set(signer),
            sources: source,
            ports: Set(port.map(\.description)),
            since: since,
            until: until
        )
    }
}
