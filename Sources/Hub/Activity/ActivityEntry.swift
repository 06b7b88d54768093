import Grants
import StrictJSON

/// An event of the hub's log (docs/PROTOCOL.hub, section 8).
enum ActivityEvent: String, Hashable, Sendable, CaseIterable {
    case asked
    case signed
    case denied
    case withdrawn
    case lapsed
    case published
    case publishFailed = "publish-failed"
    case fileSent = "file-sent"
    case login
    case logout
    case bulletin
    case hostFirst = "host-first"
    case hostSilent = "host-silent"
    case hostBack = "host-back"
    case hostForked = "host-forked"
    case hostUnverified = "host-unverified"
    case breakGlass = "break-glass"
    case opened
    case closed
    case inventory
    case started
    case stopped
}

/// An entry of the hub's log, without its position.
struct ActivityEntry: Hashable, Sendable {
    let time: Moment
    let event: ActivityEvent
    var request: String?
    var host: String?
    /// The name of the person who did it.
    var actor: String?
    /// A clause for people.
    let text: String

    init(
        _ event: ActivityEvent,
        at time: Moment,
        request: String? = nil,
        host: String? = nil,
        actor: String? = nil,
        _ text: String
    ) {
        (self.event, self.time, self.text) = (event, time, text)
        (self.request, self.host, self.actor) = (request, host, actor)
    }

    /// The record at a position: the line whose hash is a leaf of the tree.
    func record(at position: Int64) -> JSONValue {
        var members: [JSONValue.Member] = [
            .init("position", .integer(position)), .init("time", .string(time.description)),
            .init("event", .string(event.rawValue)),
        ]
        for (name, value) in [("request", request), ("host", host), ("actor", actor)] {
            if let value { members.append(.init(name, .string(value))) }
        }
        members.append(.init("text", .string(text)))
        return .object(members)
    }
}
