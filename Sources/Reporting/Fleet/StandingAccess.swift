import Auditing
import Grants

/// The access that stands without a grant, and the keys that can make grants.
struct StandingAccess: Sendable {
    /// The most lines of allowed_signers and networks that are listed.
    static let bound = 2_000

    /// A network that some hosts never denied.
    struct Network: Sendable {
        var hosts = 0
        /// The hosts that trusted it when the period ended.
        var hostsAtEnd = 0
        /// The hosts without a log here that say so in their status.
        var hostsByStatus = 0
        var first: Moment?
        var last: Moment?
    }

    /// A line of allowed_signers by which grants were admitted.
    struct Signer: Sendable {
        var names: Set<String> = []
        var grants = 0
        var hosts = 0
        var first: Moment
        var last: Moment
    }

    private(set) var networks: [String: Network] = [:]
    private(set) var signers: [String: Signer] = [:]
    /// The times of each network on each host.
    private(set) var spans = LatestItems<FleetReportModel.OnHost<AuditFinding>>(bound: bound)
    /// The number of hosts by the SHA-256 of their allowed signers.
    private(set) var files: [String: Int] = [:]
    /// The number of networks and lines that found no room.
    private(set) var leftOut = 0

    mutating func add(_ findings: [AuditFinding], of host: String, within period: Period) {
        var seen: Set<String> = []
        for finding in findings where finding.kind == .trusted {
            spans.add(.init(host: host, item: finding), at: finding.start ?? period.start)
            guard let name = finding.network, hasRoom(networks, name) else { continue }
            var network = networks[name] ?? Network()
            if seen.insert(name).inserted { network.hosts += 1 }
            if finding.end.map({ $0 >= period.end }) ?? true { network.hostsAtEnd += 1 }
            network.first = [network.first, finding.start].compactMap(\.self).min()
            network.last = [network.last, finding.end].compactMap(\.self).max()
            networks[name] = network
        }
    }

    /// Adds what a host says of itself.
    mutating func add(status host: ReportedHost, hasLog: Bool) {
        if let file = host.signers { files[file, default: 0] += 1 }
        guard !hasLog else { return }
        for name in host.trusted where hasRoom(networks, name) {
            networks[name, default: Network()].hostsByStatus += 1
        }
    }

    mutating func add(_ uses: [String: Signer]) {
        for (line, use) in uses where hasRoom(signers, line) {
            guard var known = signers[line] else {
                signers[line] = use
                continue
            }
            known.names.formUnion(use.names)
            known.grants += use.grants
            known.hosts += use.hosts
            (known.first, known.last) = (min(known.first, use.first), max(known.last, use.last))
            signers[line] = known
        }
    }

    private mutating func hasRoom<Value>(_ table: [String: Value], _ name: String) -> Bool {
        guard table[name] == nil, table.count >= Self.bound else { return true }
        leftOut += 1
        return false
    }
}

extension [String: StandingAccess.Signer] {
    /// Takes note of the lines by which a grant was admitted.
    mutating func take(_ record: Record) {
        guard record.entry.event == .grantAccepted else { return }
        let moment = record.stamp.realtime
        for line in record.entry.fields[.allowedSigners] ?? [] {
            var use = self[line] ?? .init(hosts: 1, first: moment, last: moment)
            use.names.formUnion(record.entry.fields[.signers] ?? [])
            use.grants += 1
            if moment < use.first { use.first = moment }
            if moment > use.last { use.last = moment }
            self[line] = use
        }
    }
}
