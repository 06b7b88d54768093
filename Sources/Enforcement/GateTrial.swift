import Grants
import Netfilter

/// The end of a gate on trial when its time is over and no agent runs.
///
/// The kernel itself returns to the fallback: the elements of a set keep the trial in force, and
/// they have a timeout. A live agent reconciles the gate before they expire.
package struct GateTrial: Hashable, Sendable {
    /// The gate that returns.
    package let fallback: FirewallPolicy
    /// The remaining time of the trial.
    package let left: Duration

    package init(fallback: FirewallPolicy, left: Duration) {
        self.fallback = fallback
        self.left = left
    }
}

/// The set that contains TCP and UDP during a trial.
enum TrialSet {
    static let keys = Transport.allCases.map { [$0.protocolNumber] }

    static let definition = SetDefinition(
        name: GateNames.trial,
        keyType: KeyType.protocolNumber,
        keyLength: 1,
        kind: .timed
    )

    /// The rules of the gate: on to the new gate during its trial, otherwise to the fallback.
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

extension FirewallPolicy {
    /// The rules of the gate on trial, which accepts all packets to ports that only the fallback
    /// protects.
    func gate(
        _ sources: [SourceSet],
        _ fields: KeyFields,
        besides fallback: FirewallPolicy
    ) -> [[Expression]] {
        Self.accepting(fallback.protected.filter { !protected.contains($0) }, fields)
            + gate(sources, fields)
    }

    /// The rules of the fallback, which logs nothing since no agent may be there to read it.
    func fallback(
        _ sources: [SourceSet],
        _ fields: KeyFields,
        besides trial: FirewallPolicy
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
