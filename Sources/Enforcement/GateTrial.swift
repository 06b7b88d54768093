import Grants
import Netfilter

/// What becomes of a gate on trial when the trial's time is over and no agent is there.
///
/// The kernel itself goes back then: what tells it that the trial goes on is the elements of a set,
/// and they have a timeout. An agent that lives puts the gate there anew before they go.
package struct GateTrial: Hashable, Sendable {
    /// The gate that comes back.
    package let fallback: GateShape
    /// How long the trial still is.
    package let left: Duration

    package init(fallback: GateShape, left: Duration) {
        self.fallback = fallback
        self.left = left
    }
}

/// The set that holds all of TCP and UDP while a trial goes on.
enum TrialSet {
    static let keys = Transport.allCases.map { [$0.protocolNumber] }

    static let definition = SetDefinition(
        name: GateNames.trial,
        keyType: KeyType.protocolNumber,
        keyLength: 1,
        expires: true
    )

    /// The gate: what is on trial while it is, else what was before.
    static let rules: [[Expression]] = [
        [
            .meta(.transportProtocol, into: 1), .lookup(1, set: GateNames.trial),
            .verdict(.goTo(GateNames.trial)),
        ],
        [.verdict(.goTo(GateNames.fallback))],
    ]
}

extension GateShape {
    /// The rules of the gate on trial: to what the other one alone protects everybody gets.
    func gate(_ sources: [SourceSet], besides fallback: GateShape) -> [[Expression]] {
        fallback.protected.filter { !protected.contains($0) }.map(Self.accepting) + gate(sources)
    }

    /// The rules of the gate before the trial, for when there is nobody to log for.
    func fallback(_ sources: [SourceSet], besides trial: GateShape) -> [[Expression]] {
        guard denies else { return [[.verdict(.accept)]] }
        var rules = trial.protected.filter { !protected.contains($0) }.map(Self.accepting)
        rules += trusted.map(Self.accepting)
        rules += sources.map { $0.lookup + [.verdict(.accept)] }
        rules += draining.sorted().map {
            Self.isTo($0) + ConnectionLabel.admitted.isOnEstablished + [.verdict(.accept)]
        }
        return rules + existingGoOn + [[.verdict(.drop)]]
    }

    private static func isTo(_ port: Port) -> [Expression] {
        [
            .meta(.transportProtocol, into: 1), .equal(1, [port.transport.protocolNumber]),
            .payload(.transport, offset: 2, count: 2, into: 1),
            .equal(1, [UInt8(port.number >> 8), UInt8(truncatingIfNeeded: port.number)]),
        ]
    }

    static func accepting(_ port: Port) -> [Expression] { isTo(port) + [.verdict(.accept)] }
}
