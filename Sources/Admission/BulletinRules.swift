package import Grants
package import Signatures

/// The fleet whose bulletins a host takes, and the age that the newest may have: `[freshness]` of the
/// policy.
package struct FreshnessRule: Hashable, Sendable {
    /// The time by which a bulletin may lie ahead of the agent's time.
    package static let tolerance = Duration.seconds(300)

    package var fleet: String
    /// The age from which on grants that come by an inbox wait; `nil` if none ever waits.
    package var maxStaleness: Duration?

    package init(fleet: String, maxStaleness: Duration? = nil) {
        (self.fleet, self.maxStaleness) = (fleet, maxStaleness)
    }

    /// The first moment at which a bulletin is not fresh any more.
    package func end(of bulletin: Bulletin) -> Moment {
        min(bulletin.expires, maxStaleness.map { bulletin.issued + $0 } ?? bulletin.expires)
    }
}

extension Bulletin {
    /// Returns true if it lies too far ahead of a moment to count yet.
    package func isAhead(of moment: Moment) -> Bool {
        issued > moment + FreshnessRule.tolerance
    }

    /// The moment from which on it counts.
    package var start: Moment { issued + FreshnessRule.tolerance * -1 }
}

extension Admission {
    /// The reason that a bulletin is not for this host's fleet or signed by nobody who counts, or `nil`.
    package func refusal(of bulletin: Bulletin, signedBy payload: SignedPayload) -> Refusal? {
        guard let fleet = policy.freshness?.fleet else {
            return Refusal(
                rule: "fleet",
                field: "fleet",
                reason: "this host takes the bulletins of no fleet",
                remedy: "name the fleet in [freshness] of the policy"
            )
        }
        guard fleet == bulletin.fleet else {
            return Refusal(
                rule: "fleet",
                field: "fleet",
                reason: "it is of the fleet \(bulletin.fleet.debugDescription)",
                remedy: "this host takes those of \(fleet.debugDescription)"
            )
        }
        return objection(to: payload)
    }
}
