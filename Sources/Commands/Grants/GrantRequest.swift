import Grants

/// A request for access, in the requestor's terms.
struct GrantRequest: Hashable, Sendable {
    /// The time that a grant with a duration may take to be signed and delivered and still be given
    /// in full.
    static let deliveryMargin = Duration.seconds(3600)

    var hosts: [HostPattern]
    var requestor: String
    var justification: String
    var sources: [Prefix]
    var ports: [Port]
    var duration: Duration?
    var notBefore: Moment?
    var expires: Moment?
    var ticket: String?
    var supersedes: [GrantID] = []

    /// The grant, if at least one of `duration` and `expires` says when it ends.
    func grant(id: GrantID, at now: Moment) -> Grant? {
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
