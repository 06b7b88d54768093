package import Admission
package import Attestation
import Grants

/// The rules of a host as far as it has reported them in its signed status.
///
/// It does not report its `[[approver]]` entries, the pages whose passkeys count, or the keys that
/// were revoked: it may still refuse what these rules admit.
package struct HostRules: Sendable {
    package let policy: Policy
    package let identity: HostIdentity
    /// The grants that are open there, by which one that supersedes them is judged.
    let open: [GrantID: SupersededGrant]
    /// True if some protected ports had no room in the status.
    let hasMorePorts: Bool
    /// True if some labels had no room.
    let hasMoreLabels: Bool
    /// The part that decides about requests, which many hosts of a fleet share.
    let shared: SharedRules

    /// Fails if the status has a pattern that no policy can have.
    package init?(_ status: HostStatus) {
        var ports: [Port: PortRules] = [:]
        for report in status.ports {
            guard let rules = try? PortRules(report) else { return nil }
            ports[report.port] = rules
        }
        policy = Policy(
            mode: status.mode,
            keepExisting: .reset,
            trusted: status.trusted,
            ports: ports,
            maxWait: status.maxWait
        )
        identity = HostIdentity(
            hostname: status.host.hostname,
            machineID: status.host.machineID ?? "",
            labels: status.labels
        )
        open = status.grants.open.reduce(into: [:]) {
            $0[$1.id] = SupersededGrant(requestor: $1.requestor, ports: $1.ports)
        }
        hasMorePorts = status.leftOut[.ports] ?? 0 > 0
        hasMoreLabels = status.leftOut[.labels] ?? 0 > 0
        shared = SharedRules(ports: ports, maxWait: status.maxWait)
    }
}

extension PortRules {
    fileprivate init(_ report: HostStatus.PortReport) throws(TextError) {
        self.init(
            maxDuration: report.maxDuration,
            widestIPv4: report.widestIPv4,
            widestIPv6: report.widestIPv6,
            allowedSources: report.allowedSources,
            // No policy opens for nobody's signature.
            approvals: max(1, report.approvals),
            separateRequestor: report.separateRequestor,
            requireJustification: report.requireJustification,
            onExpiry: report.onExpiry
        )
        requireTicket = report.requireTicket.map { TicketPattern($0) }
        for text in report.approvalsFrom { approvalsFrom.append(try NamePatterns([text])) }
        drainLimit = report.drainLimit
    }
}

/// The rules that decide about requests, with their hash: hosts of a fleet have few different ones.
struct SharedRules: Hashable, Sendable {
    private let ports: [Port: PortRules]
    private let maxWait: Duration
    private let digest: Int

    init(ports: [Port: PortRules], maxWait: Duration) {
        (self.ports, self.maxWait) = (ports, maxWait)
        var hasher = Hasher()
        hasher.combine(ports)
        hasher.combine(maxWait)
        digest = hasher.finalize()
    }

    static func == (left: Self, right: Self) -> Bool {
        left.digest == right.digest && left.maxWait == right.maxWait && left.ports == right.ports
    }

    func hash(into hasher: inout Hasher) { hasher.combine(digest) }
}
