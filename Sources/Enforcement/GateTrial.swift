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
        kind: .timed
    )

    /// The gate: what is on trial while it is, else what was before.
    static func rules(_ names: GateNames.Gate) -> [[Expression]] {
        [
            [
                .meta(.transportProtocol, into: 1), .lookup(1, set: GateNames.trial),
                .verdict(.goTo(names.trial)),
            ],
            [.verdict(.goTo(names.fallback))],
        ]
    }
}

extension GateShape {
    /// The rules of the gate on trial: to what the other one alone protects everybody gets.
    func gate(
        _ sources: [SourceSet],
        _ fields: KeyFields,
        besides fallback: GateShape
    ) -> [[Expression]] {
        Self.accepting(fallback.protected.filter { !protected.contains($0) }, fields)
            + gate(sources, fields)
    }

    /// The rules of the gate before the trial, for when there is nobody to log for.
    func fallback(
        _ sources: [SourceSet],
        _ fields: KeyFields,
        besides trial: GateShape
    ) -> [[Expression]] {
        guard denies else { return [[.verdict(.accept)]] }
        return Self.accepting(trial.protected.filter { !protected.contains($0) }, fields)
            + sources.map { $0.lookup(fields) + [.verdict(.accept)] }
            + passing(fields, isFallback: true) + [[.verdict(.drop)]]
    }

    private static func accepting(_ ports: [Port], _ fields: KeyFields) -> [[Expression]] {
        ports.sorted().map { accepting($0, fields) }
    }

    static func accepting(_ port: Port, _ fields: KeyFields) -> [Expression] {
        isTo(port, fields) + [.verdict(.accept)]
    }

    static func isTo(_ port: Port, _ fields: KeyFields) -> [Expression] {
        let number = [UInt8(port.number >> 8), UInt8(truncatingIfNeeded: port.number)]
        return Test.isTransport(port.transport) + [fields.port(into: 1), .equal(1, number)]
    }
}
