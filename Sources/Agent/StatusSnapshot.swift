import Admission
import AgentInterface
import Attestation
import AgentSettings
import Grants
import Lifecycle
import Linux
import Signatures

/// All that a status tells, as of one moment: it is put together where that keeps nobody waiting.
struct StatusSnapshot: Sendable {
    let report: AgentStatus
    let reading: ClockReading
    let host: HostFacts
    let loaded: LoadedPolicy
    let grants: [Lifecycle.Entry]

    var status: HostStatus {
        let configuration = loaded.configuration
        let instant = HostStatus.Instant(
            time: Moment(microseconds: reading.wallMicroseconds),
            bootID: host.bootID,
            bootTime: reading.bootMicroseconds
        )
        let facts = HostStatus.Host(
            hostname: configuration.hostname ?? host.hostname,
            machineID: host.machineID,
            version: report.version,
            kernel: HostFacts.kernelRelease,
            tableOwnership: report.tableOwnership
        )
        var status = HostStatus(of: facts, at: instant)
        status.apply(configuration.policy)
        status.labels = configuration.labels
        status.trialUntil = report.trialUntil
        status.conditions = report.conditions
        status.digests = digests
        status.grants = open
        status.bulletin = bulletin
        return status
    }

    private var bulletin: HostStatus.Bulletin? {
        guard let known = report.bulletin, let issued = known.issued, let expires = known.expires
        else { return nil }
        return HostStatus.Bulletin(issued: issued, expires: expires, digest: known.digest)
    }

    private var digests: HostStatus.Digests {
        let keys = loaded.keys
        let revoked = loaded.configuration.revokedKeys.map { _ in
            FileDigest.sha256(of: keys.revoked.bytes)
        }
        return HostStatus.Digests(
            policy: loaded.policy.digest,
            signers: FileDigest.sha256(of: keys.signers.text),
            revokedKeys: revoked
        )
    }

    private var open: HostStatus.Grants {
        var found = HostStatus.Grants()
        found.open = grants.compactMap { entry in
            guard case .open(let opened, let deadline) = entry.phase.living,
                let provenance = entry.provenance
            else { return nil }
            return HostStatus.OpenGrant(provenance, opened: opened, deadline: deadline)
        }
        .sorted { ($0.deadline, $0.id) < ($1.deadline, $1.id) }
        (found.waiting, found.draining) = (report.waitingGrants, report.drainingGrants)
        return found
    }
}
