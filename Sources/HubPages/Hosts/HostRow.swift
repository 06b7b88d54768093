package import Conditions
package import Grants
import HTMLWriter
package import Posture

/// A grant that is open on a host.
package struct OpenAccess: Hashable, Sendable {
    package var id: String
    package var requestor: String
    package var signers: [String]
    package var sources: [String]
    package var ports: [String]
    package var opened: Moment
    package var deadline: Moment
    package var ticket: String?

    package init(
        id: String,
        requestor: String,
        signers: [String],
        sources: [String],
        ports: [String],
        opened: Moment,
        deadline: Moment,
        ticket: String? = nil
    ) {
        (self.id, self.requestor, self.signers) = (id, requestor, signers)
        (self.sources, self.ports, self.ticket) = (sources, ports, ticket)
        (self.opened, self.deadline) = (opened, deadline)
    }
}

/// A host as a line of the list: the members of GET /v1/hosts.
package struct HostRow: Hashable, Sendable {
    /// The newest checkpoint of the host's log.
    package struct Checkpoint: Hashable, Sendable {
        /// The number of records.
        package var size: UInt64
        /// The moment at which the witness last verified the log.
        package var verified: Moment?

        package init(size: UInt64, verified: Moment?) {
            (self.size, self.verified) = (size, verified)
        }
    }

    package var host: String
    package var group: String
    package var state: HostPosture.State
    package var reason: String?
    /// The grants that are open, those that end first at the beginning.
    package var open: [OpenAccess] = []
    /// The number of them, also of those that the status left out.
    package var openCount = 0
    package var requests7d: Int64 = 0
    package var lastUser: String?
    package var lastUse: Moment?
    /// The gravest first.
    package var conditions: [Condition] = []
    package var checkpoint: Checkpoint?
    package var tableOwnership: String?
    package var version: String?
    package var trusted: [String] = []
    package var age: Duration?

    package init(host: String, group: String, state: HostPosture.State) {
        (self.host, self.group, self.state) = (host, group, state)
    }
}

extension HostPosture.State {
    /// The kind of the pill that shows the state.
    var kind: String {
        switch self {
        case .configured: "good"
        case .onTrial, .observing: "soft"
        case .drifted, .stale, .notConfigured, .unsupported: "warn"
        case .forked, .silent, .unverified: "bad"
        case .retired: "dim"
        }
    }

    /// The state with blanks between its words.
    var words: String { String(rawValue.map { $0 == "-" ? " " : $0 }) }
}

extension Severity {
    /// The kind of the pill that shows the weight.
    var kind: String {
        switch self {
        case .note: "dim"
        case .warning: "warn"
        case .error: "bad"
        }
    }
}

extension OpenAccess {
    /// The time until the deadline, in words.
    func left(at now: Moment) -> String { (deadline - now).shown }
}
