import Attestation

/// All hosts of a fleet, compared with each other.
package struct FleetPosture: Sendable {
    package let hosts: [HostPosture]

    /// Marks the hosts whose policy or signers are not those of most of their group.
    package init(_ hosts: [HostPosture]) {
        let usual = Dictionary(grouping: hosts.filter(\.state.isInOrder), by: \.group)
            .compactMapValues { Self.usual($0.compactMap(\.rules)) }
        self.hosts = hosts.map { host in usual[host.group].map(host.compared) ?? host }
    }

    private static func usual(_ all: [HostRules]) -> HostRules? {
        HostRules.usual(all.reduce(into: [:]) { $0[$1, default: 0] += 1 })
    }

    /// True if every host is as it should be.
    package var isHealthy: Bool { hosts.allSatisfy(\.isHealthy) }

    /// The number of hosts in each state that occurs, in the order of the states.
    package var counts: [(state: HostPosture.State, count: Int)] {
        let counts = Dictionary(grouping: hosts, by: \.state).mapValues(\.count)
        return HostPosture.State.allCases.compactMap { state in
            counts[state].map { (state, $0) }
        }
    }
}

/// The files by which the hosts of a group should agree.
struct HostRules: Hashable, Sendable {
    let policy: String
    let signers: String
    let revokedKeys: String

    /// The rules that more hosts have than any other; those of the first in order if several do.
    static func usual(_ counts: [HostRules: Int]) -> HostRules? {
        counts.max { ($0.value, $1.key.text) < ($1.value, $0.key.text) }?.key
    }

    private var text: String { policy + signers + revokedKeys }

    func difference(from usual: HostRules) -> String {
        let parts = [
            (policy == usual.policy, "policy"), (signers == usual.signers, "allowed_signers"),
            (revokedKeys == usual.revokedKeys, "revoked keys"),
        ]
        let names = parts.filter { !$0.0 }.map(\.1).joined(separator: ", ")
        return "other than most of its group: \(names)"
    }
}

extension HostPosture {
    /// The same host, drifted if its rules are not the usual ones of its group.
    func compared(_ usual: HostRules) -> HostPosture {
        guard state.isInOrder, let rules, rules != usual else { return self }
        var drifted = self
        drifted.state = .drifted
        drifted.reason = rules.difference(from: usual)
        return drifted
    }

    /// The rules of a host that counts among those of its group.
    var rulesInOrder: HostRules? { state.isInOrder ? rules : nil }

    fileprivate var rules: HostRules? {
        status.map {
            HostRules(
                policy: $0.digests.policy,
                signers: $0.digests.signers,
                revokedKeys: $0.digests.revokedKeys ?? ""
            )
        }
    }
}
