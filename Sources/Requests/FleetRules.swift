import Admission
package import Depot
package import Grants
package import Posture

/// The hosts of a fleet with their rules, by all names that a request may call them.
package struct FleetRules: Sendable {
    /// A host as its fleet knows it.
    struct Host: Sendable {
        let posture: HostPosture
        /// The rules that it reported last; `nil` if it never did in a way that can be believed.
        let rules: HostRules?
        /// The moment at which its status was seen.
        let seen: Moment?

        init(_ posture: HostPosture, at now: Moment) {
            self.posture = posture
            seen = posture.age.map { now + (.zero - $0) }
            rules = posture.status.flatMap { HostRules($0) }
        }

        /// The names by which a request can mean it literally.
        var names: Set<String> {
            var names: Set = [posture.host.description]
            if let rules { names.insert(rules.identity.hostname.lowercased()) }
            return names
        }

        /// Returns whether the host takes itself for one that a pattern means.
        func isMeant(by pattern: HostPattern) -> Bool {
            guard let identity = rules?.identity else {
                return pattern.matches(hostname: posture.host.description, machineID: "-")
            }
            return pattern.matches(
                hostname: identity.hostname,
                machineID: identity.machineID,
                labels: identity.labels
            )
        }
    }

    private var hosts: [ShelfName: Host] = [:]
    private var named: [String: Set<ShelfName>] = [:]

    package init(_ postures: [HostPosture] = [], at now: Moment) {
        for posture in postures { update(posture, at: now) }
    }

    package var count: Int { hosts.count }

    /// Takes note of what a host has become; the work is that for one host.
    package mutating func update(_ posture: HostPosture, at now: Moment) {
        remove(posture.host)
        let host = Host(posture, at: now)
        hosts[posture.host] = host
        for name in host.names { named[name, default: []].insert(posture.host) }
    }

    package mutating func remove(_ name: ShelfName) {
        guard let host = hosts.removeValue(forKey: name) else { return }
        for alias in host.names {
            named[alias]?.remove(name)
            if named[alias]?.isEmpty ?? false { named[alias] = nil }
        }
    }

    /// The hosts that a literal name means: without a look at the others.
    func hosts(named name: String) -> [Host] {
        (named[name.lowercased()] ?? []).compactMap { hosts[$0] }
    }

    /// The hosts that a pattern means.
    func hosts(matching pattern: HostPattern) -> [Host] {
        hosts.values.filter { $0.isMeant(by: pattern) }
    }

    /// True if the hub knows the names, machine ids and labels of all hosts that may exist.
    var isWhollyKnown: Bool {
        !hosts.isEmpty
            && hosts.values.allSatisfy { host in
                host.posture.state == .retired || host.rules.map { !$0.hasMoreLabels } ?? false
            }
    }
}
