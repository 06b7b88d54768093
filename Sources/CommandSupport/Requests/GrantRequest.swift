package import Grants

/// A request for access, in the requestor's terms.
package struct GrantRequest: Hashable, Sendable {
    /// The time that a grant with a duration may take to be signed and delivered and still be given
    /// in full.
    package static let deliveryMargin = Duration.seconds(3600)

    package var hosts: [HostPattern]
    package var requestor: String
    package var justification: String
    package var sources: [Prefix]
    package var ports: [Port]
    package var duration: Duration?
    package var notBefore: Moment?
    package var expires: Moment?
    package var ticket: String?
    package var supersedes: [GrantID]

    package init(
        hosts: [HostPattern],
        requestor: String,
        justification: String,
        sources: [Prefix],
        ports: [Port],
        duration: Duration? = nil,
        notBefore: Moment? = nil,
        expires: Moment? = nil,
        ticket: String? = nil,
        supersedes: [GrantID] = []
    ) {
        (self.hosts, self.requestor, self.justification) = (hosts, requestor, justification)
        (self.sources, self.ports, self.duration) = (sources, ports, duration)
        (self.notBefore, self.expires) = (notBefore, expires)
        (self.ticket, self.supersedes) = (ticket, supersedes)
    }

    /// The grant, if at least one of `duration` and `expires` says when it ends.
    package func grant(id: GrantID, at now: Moment) -> Grant? {
        let beginning = max(now, notBefore ?? now).wholeSecond
        guard let end = expires ?? duration.map({ beginning + $0 + Self.deliveryMargin }) else {
            return nil
        }
        return Grant(
            id: id,
            hosts: hosts,
            requestor: requestor,
            justification: justification,
            sources: sources,
            ports: ports,
            notBefore: notBefore,
            expires: end,
            duration: duration,
            ticket: ticket,
            supersedes: supersedes
        )
    }
}
