import Grants
import HubPages
import HubSettings
import HubStorage
import StrictJSON

/// A message about one event, before it is put into the form of a webhook.
struct WebhookMessage: Sendable {
    let type: WebhookEvent
    let time: Moment
    /// A clause for people.
    let text: String
    /// The page about it.
    let link: String?
    /// What else the data have.
    let members: [JSONValue.Member]

    /// The body as a webhook wants it.
    func body(as format: Webhook.Format) -> [UInt8] {
        switch format {
        case .standard: standard.encoded()
        case .slack: slack.encoded()
        }
    }

    private var standard: JSONValue {
        var data = members
        data.append(.init("text", .string(text)))
        if let link { data.append(.init("link", .string(link))) }
        return [
            "type": .string(type.rawValue), "timestamp": .string(time.description),
            "data": .object(data),
        ]
    }

    private var slack: JSONValue {
        let page = link.map { "\n<\($0)>" } ?? ""
        return ["text": .string("\(type.rawValue): \(Self.escaped(text))\(page)")]
    }

    /// The text with the three characters that mean something in Slack's texts as entities, so that nobody's
    /// words become a link or call a whole channel.
    private static func escaped(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}

/// Makes the messages that tell of entries of the log.
struct WebhookMessages {
    /// The time before the deadline at which request.ends-soon is sent.
    static let notice: Duration = .seconds(600)

    /// An opening that a host has reported.
    struct Opening {
        let requestor: String
        let opened: Moment
        let deadline: Moment
    }

    let statements: any Statements
    /// The URL of the hub.
    let hub: String

    /// The message of an entry; `nil` if it is none of the events.
    func message(of entry: StoredActivity) throws(StorageError) -> WebhookMessage? {
        guard let event = ActivityEvent(rawValue: entry.event),
            let (type, how) = try type(of: event, entry)
        else { return nil }
        var details: [JSONValue.Member] = [.init("position", .integer(entry.position))]
        if let how { details.append(.init("how", .string(how))) }
        if event == .opened, let opening = try opening(of: entry) {
            details.append(.init("deadline", .string(opening.deadline.description)))
        }
        return try message(type, at: entry.time, entry, entry.text, details)
    }

    /// The message that an opening ends soon; `nil` if it is too short for that, or is over.
    func endsSoon(
        _ entry: StoredActivity,
        at now: Moment
    ) throws(StorageError) -> (message: WebhookMessage, deadline: Moment)? {
        guard let opening = try opening(of: entry), let request = entry.request,
            let host = entry.host, opening.deadline - opening.opened > Self.notice,
            opening.deadline > now
        else { return nil }
        let due = max(now, opening.deadline + (.zero - Self.notice))
        let text =
            "\(request) of \(opening.requestor) ends on \(host) at \(opening.deadline.wholeSecond)"
        let details: [JSONValue.Member] = [
            .init("deadline", .string(opening.deadline.description))
        ]
        return (try message(.endsSoon, at: due, entry, text, details), opening.deadline)
    }

    private func type(
        of event: ActivityEvent,
        _ entry: StoredActivity
    ) throws(StorageError) -> (WebhookEvent, how: String?)? {
        switch event {
        case .asked: (.asked, nil)
        case .signed: try isApproval(entry) ? (.approved, nil) : nil
        case .denied: (.denied, nil)
        case .published: (.published, nil)
        case .opened: (.opened, nil)
        case .closed, .withdrawn, .lapsed: (.ended, event.rawValue)
        case .hostSilent: (.hostSilent, nil)
        case .hostForked: (.hostForked, nil)
        case .breakGlass: (.breakGlass, nil)
        case .publishFailed, .fileSent, .login, .logout, .bulletin, .hostFirst, .hostBack,
            .hostUnverified, .inventory, .started, .stopped:
            nil
        }
    }

    /// Returns whether the signature of an entry is an approval, and not the requestor's own.
    private func isApproval(_ entry: StoredActivity) throws(StorageError) -> Bool {
        let rows = try statements.rows(
            """
            SELECT 1 FROM signature
            WHERE request = $1 AND signer = $2 AND added = $3 AND namespace = 'jitgate-grant' LIMIT 1
            """,
            [.text(ifAny: entry.request), .text(ifAny: entry.actor), .moment(entry.time)]
        )
        return !rows.isEmpty
    }

    private func opening(of entry: StoredActivity) throws(StorageError) -> Opening? {
        let rows = try statements.rows(
            "SELECT requestor, opened, deadline FROM opening WHERE host = $1 AND grant_id = $2",
            [.text(ifAny: entry.host), .text(ifAny: entry.request)]
        )
        return try rows.first.map { row throws(StorageError) in
            Opening(
                requestor: try row.text(0),
                opened: try row.moment(1),
                deadline: try row.moment(2)
            )
        }
    }

    private func message(
        _ type: WebhookEvent,
        at time: Moment,
        _ entry: StoredActivity,
        _ text: String,
        _ details: [JSONValue.Member]
    ) throws(StorageError) -> WebhookMessage {
        var members: [JSONValue.Member] = [.init("hub", .string(hub))]
        for (name, value) in [
            ("request", entry.request), ("host", entry.host), ("actor", entry.actor),
        ] {
            if let value { members.append(.init(name, .string(value))) }
        }
        var link = entry.host.map { PageLink.host($0) }
        if let id = entry.request {
            let known = try statements.rows(
                "SELECT requestor, ticket FROM request WHERE id = $1",
                [.text(id)]
            )
            if let row = known.first {
                link = .request(id)
                members.append(.init("requestor", .string(try row.text(0))))
                if let ticket = try row.textIfAny(1) {
                    members.append(.init("ticket", .string(ticket)))
                }
            } else if let opening = try opening(of: entry) {
                members.append(.init("requestor", .string(opening.requestor)))
            }
        }
        return WebhookMessage(
            type: type,
            time: time,
            text: text,
            link: link.map { hub + $0.text },
            members: members + details
        )
    }
}
