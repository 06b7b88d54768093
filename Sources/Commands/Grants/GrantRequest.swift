import Grants

/// What somebody wants opened, as they said it.
struct GrantRequest: Hashable, Sendable {
    /// How long a grant with a duration may wait to be signed and delivered: what is asked for is
    /// then still given in full.
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
