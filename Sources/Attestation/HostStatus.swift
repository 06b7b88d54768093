package import Admission
package import Conditions
package import Grants

/// The state of a host, as it tells its fleet (docs/PROTOCOL.fleet, section 2).
package struct HostStatus: Hashable, Sendable {
    /// A protected port with its rules, which are spelled as in the policy file.
    package struct PortReport: Hashable, Sendable {
        package var port: Port
        package var maxDuration: Duration
        package var widestIPv4: Int
        package var widestIPv6: Int
        package var allowedSources: [Prefix]
        package var approvals: Int
        package var separateRequestor: Bool
        package var requireJustification: Bool
        package var requireTicket: [String]
        package var approvalsFrom: [String]
        package var onExpiry: Expiry
        package var drainLimit: Duration
    }

    /// A grant that is open.
    package struct OpenGrant: Hashable, Sendable {
        package var id: GrantID
        /// SHA-256 of its file, in hex.
        package var digest: String
        package var requestor: String
        package var signers: [String]
        package var sources: [Prefix]
        package var ports: [Port]
        package var opened: Moment
        package var deadline: Moment
        package var ticket: String?

        package init(_ provenance: GrantProvenance, opened: Moment, deadline: Moment) {
            let grant = provenance.grant
            (id, digest) = (grant.id, provenance.digest)
            (requestor, signers) = (grant.requestor, provenance.signers)
            (sources, ports, ticket) = (grant.sources, grant.ports, grant.ticket)
            (self.opened, self.deadline) = (opened, deadline)
        }
    }

    /// The newest bulletin that a host has.
    package struct Bulletin: Hashable, Sendable {
        package var issued: Moment
        package var expires: Moment
        /// SHA-256 of its file, in hex; `nil` if the host does not say.
        package var digest: String?

        package init(issued: Moment, expires: Moment, digest: String? = nil) {
            (self.issued, self.expires, self.digest) = (issued, expires, digest)
        }
    }

    /// The lists of a status, of which elements may be left out for want of room.
    package enum List: String, Hashable, Sendable, CaseIterable {
        case conditions, ports, labels, trusted, open
    }

    /// SHA-256 of the files in force, in hex.
    package struct Digests: Hashable, Sendable {
        package var policy: String
        package var signers: String
        package var revokedKeys: String?

        package init(policy: String, signers: String, revokedKeys: String?) {
            (self.policy, self.signers, self.revokedKeys) = (policy, signers, revokedKeys)
        }
    }

    /// The time of the host when it made its status.
    package struct Instant: Hashable, Sendable {
        /// The wall clock.
        package var time: Moment
        package var bootID: String
        /// CLOCK_BOOTTIME in microseconds.
        package var bootTime: Int64

        package init(time: Moment, bootID: String, bootTime: Int64) {
            (self.time, self.bootID, self.bootTime) = (time, bootID, bootTime)
        }
    }

    /// The host and the programs on it.
    package struct Host: Hashable, Sendable {
        package var hostname: String
        package var machineID: String?
        /// Of jitgate.
        package var version: String
        /// The release of the kernel.
        package var kernel: String
        package var tableOwnership: String

        package init(
            hostname: String,
            machineID: String?,
            version: String,
            kernel: String,
            tableOwnership: String
        ) {
            (self.hostname, self.machineID, self.version) = (hostname, machineID, version)
            (self.kernel, self.tableOwnership) = (kernel, tableOwnership)
        }
    }

    /// The grants that have not ended.
    package struct Grants: Hashable, Sendable {
        /// Those that end first at the beginning.
        package var open: [OpenGrant] = []
        package var waiting = 0
        package var draining = 0

        package init() {}
    }

    package var instant: Instant
    package var host: Host
    package var mode = Mode.observe
    package var trialUntil: Moment?
    /// The gravest first.
    package var conditions: [Condition] = []
    package var ports: [PortReport] = []
    package var maxWait: Duration = .zero
    package var labels: [String: String] = [:]
    package var digests = Digests(policy: "", signers: "", revokedKeys: nil)
    package var trusted: [Prefix] = []
    package var grants = Grants()
    package var bulletin: Bulletin?
    /// The number of elements of each list that were left out.
    package var leftOut: [List: Int] = [:]

    package init(of host: Host, at instant: Instant) {
        (self.host, self.instant) = (host, instant)
    }

    /// True if no condition is an error; those that were left out are no graver than those that are
    /// there.
    package var isHealthy: Bool { conditions.areHealthy }

    /// The number of open grants, those that were left out included.
    package var openCount: Int { grants.open.count + (leftOut[.open] ?? 0) }

    /// Takes what a policy says.
    package mutating func apply(_ policy: Policy) {
        (mode, maxWait, trusted) = (policy.mode, policy.maxWait, policy.trusted)
        ports = policy.protectedPorts.compactMap { port in
            policy.ports[port].map { PortReport(port, $0) }
        }
    }
}

extension HostStatus.PortReport {
    package init(_ port: Port, _ rules: PortRules) {
        self.port = port
        maxDuration = rules.maxDuration
        (widestIPv4, widestIPv6) = (rules.widestIPv4, rules.widestIPv6)
        allowedSources = rules.allowedSources
        approvals = rules.approvals
        separateRequestor = rules.separateRequestor
        requireJustification = rules.requireJustification
        requireTicket = rules.requireTicket.map(\.text)
        approvalsFrom = rules.approvalsFrom.flatMap(\.texts)
        onExpiry = rules.onExpiry
        drainLimit = rules.drainLimit
    }
}
