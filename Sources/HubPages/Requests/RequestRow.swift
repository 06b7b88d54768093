package import Grants
import HTMLWriter
package import Requests

/// A request as a line of a list.
package struct RequestRow: Hashable, Sendable {
    /// The one who asked, and when.
    package struct Origin: Hashable, Sendable {
        package var askedBy: String
        package var isSigned: Bool
        package var time: Moment
    }

    package var id: String
    package var state: AccessRequest.State
    package var requestor: String
    package var hosts: [String]
    package var ports: [String]
    package var sources: [String]
    package var reason: String
    package var ticket: String?
    /// The longest access, as the request has it: `2h`; `nil` if only `expires` ends it.
    package var duration: String?
    package var notBefore: Moment?
    package var expires: Moment
    package var origin: Origin
    /// The number of approvals that are missing where most are.
    package var needs = 0
    /// The number of hosts on which it is open.
    package var open = 0

    package init(_ request: AccessRequest, state: AccessRequest.State) {
        let grant = request.grant
        id = grant.id.description
        self.state = state
        requestor = grant.requestor
        hosts = grant.hosts.map(\.description)
        ports = grant.ports.map(\.description)
        sources = grant.sources.map(\.description)
        (reason, ticket) = (grant.justification ?? "", grant.ticket)
        duration = grant.duration?.shown
        (notBefore, expires) = (grant.notBefore, grant.expires)
        origin = Origin(
            askedBy: request.askedBy,
            isSigned: request.isSigned,
            time: request.created
        )
    }
}

extension AccessRequest.State {
    /// The kind of the pill that shows the state.
    var kind: String {
        switch self {
        case .pending: "warn"
        case .approved, .published: "soft"
        case .open: "good"
        case .denied: "bad"
        case .ended, .withdrawn, .lapsed: "dim"
        }
    }
}

extension RequestRow {
    /// The state in words, with the number that belongs to it.
    var stateNote: String? {
        switch state {
        case .pending where needs > 0:
            "needs \(needs) more \(needs == 1 ? "approval" : "approvals")"
        case .open where open > 0: "on \(open) \(open == 1 ? "host" : "hosts")"
        default: nil
        }
    }
}
