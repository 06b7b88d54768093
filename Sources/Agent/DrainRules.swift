import Admission
import Enforcement
import Grants
import Lifecycle

/// The policy's limits for sessions that go on after a deadline.
struct DrainRules {
    private let policy: Policy

    init(_ policy: Policy) {
        self.policy = policy
    }

    /// The moments until which sessions of grants at their deadline may go on, by grant and port.
    func ends(of step: Step, at now: Moment) -> [GrantID: [Port: Moment]] {
        var ends: [GrantID: [Port: Moment]] = [:]
        for ending in step.endings where ending.mayDrain {
            guard let deadline = ending.phase.deadline, let grant = ending.entry.grant else {
                continue
            }
            let open = limits(grant.ports).mapValues { deadline + $0 }.filter { $0.value > now }
            if !open.isEmpty { ends[ending.id] = open }
        }
        return ends
    }

    /// The time that sessions may go on after a deadline, for the ports where they may.
    func limits(_ ports: [Port]) -> [Port: Duration] {
        guard policy.mode == .enforce else { return [:] }
        var limits: [Port: Duration] = [:]
        for port in ports where port.transport == .tcp {
            guard let rules = policy.ports[port], rules.onExpiry == .drain else { continue }
            limits[port] = rules.drainLimit
        }
        return limits
    }
}

extension SessionClaim {
    /// The sessions for which there is room, and the others: the callers' own come first.
    static func choose(
        _ claims: [Self],
        within gate: borrowing Firewall,
        callers: Set<OngoingSession>
    ) -> (chosen: [Self], left: [Self]) {
        var (known, new): ([Self], [Self]) = ([], [])
        for claim in claims {
            if gate.sessions.contains(claim.session) {
                known.append(claim)
            } else {
                new.append(claim)
            }
        }
        let room = max(0, DrainingSessions.limit - gate.sessions.count)
        guard new.count > room else { return (claims, []) }
        let ordered = SessionOrder(callers: callers).sorted(new, by: \.found)
        return (known + ordered.prefix(room), Array(ordered.dropFirst(room)))
    }
}
