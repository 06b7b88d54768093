package import Admission
package import Grants

extension PortRules {
    /// The rules of a port about which the policy says nothing.
    package static let defaults = PortRules(
        maxDuration: .seconds(3 * 3600),
        widestIPv4: 24,
        widestIPv6: 56,
        allowedSources: [],
        approvals: 1,
        separateRequestor: false,
        requireJustification: true,
        onExpiry: .terminate
    )
}

extension Port {
    /// SSH and RDP: the protected ports when the policy names none.
    package static let management: [Port] = [
        Port(number: 22, transport: .tcp),
        Port(number: 3389, transport: .tcp),
        Port(number: 3389, transport: .udp),
    ].compactMap(\.self)
}

extension Configuration {
    /// The meaning of an empty policy file; a new install observes.
    package static let defaults = Configuration(
        policy: Policy(
            mode: .observe,
            keepExisting: .keep(for: .seconds(12 * 3600)),
            trusted: [],
            ports: Dictionary(uniqueKeysWithValues: Port.management.map { ($0, .defaults) }),
            maxWait: .seconds(7 * 86_400)
        ),
        sessionWarnings: [.seconds(300), .seconds(60)],
        hostname: nil,
        grantDirectories: ["/etc/jitgate/grants.d", "/run/jitgate/grants.d"],
        allowedSigners: "/etc/jitgate/allowed_signers",
        endedFiles: .remove,
        auditDirectory: "/var/log/jitgate",
        deniedPerSecond: 10,
        strangersPerDay: 20 << 20,
        keepFree: 1 << 30,
        logGroup: 22,
        segmentSize: 64 << 20,
        segmentAge: .seconds(30 * 86_400),
        retention: nil,
        stateDirectory: "/var/lib/jitgate",
        controlSocket: "/run/jitgate/control",
        controlGroup: "jitgate"
    )
}
