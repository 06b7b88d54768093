package import Depot
package import Grants
import Offers
import Posture
package import Signatures

/// The prospects of a request on all hosts that it is for.
package struct RequestOutlook: Hashable, Sendable {
    /// In the order of their names.
    package let hosts: [HostOutlook]
    /// The shelves that its file goes to in the end.
    package let shelves: [ShelfName]
    /// Those of them on which it may lie now, since the rules of their hosts are met.
    package let metShelves: [ShelfName]
    /// True if no host that it is for would take it, whatever signatures it had.
    package let isHopeless: Bool

    /// Judges a request by the signatures that count.
    ///
    /// The work is proportional to the hosts that are named, or to the fleet if there is a pattern.
    package init(
        of grant: Grant,
        signedBy signatures: [VerifiedSignature],
        in fleet: FleetRules,
        at now: Moment
    ) {
        var survey = Survey(OutlookJudge(grant, signedBy: signatures, at: now), fleet)
        for pattern in grant.hosts { survey.look(at: pattern) }
        hosts = survey.hosts.values.sorted { $0.host.description < $1.host.description }
        shelves = survey.shelves
        let commonIsMet = survey.isCommonMet
        metShelves = survey.shelves.filter { shelf in
            survey.named[shelf].map { $0.contains { survey.hosts[$0]?.isMet ?? false } }
                ?? commonIsMet
        }
        isHopeless =
            hosts.isEmpty
            ? fleet.isWhollyKnown : hosts.allSatisfy { $0.isRefused || $0.isGone }
    }

    /// True if its signatures meet what all its hosts ask for.
    package var isApproved: Bool { !shelves.isEmpty && metShelves.count == shelves.count }
}

/// The walk over the hosts of one request.
private struct Survey {
    private static let common = ShelfName("all")

    private var judge: OutlookJudge
    private let fleet: FleetRules
    private(set) var hosts: [ShelfName: HostOutlook] = [:]
    private(set) var shelves: [ShelfName] = []
    /// The hosts of each shelf of a literal name.
    private(set) var named: [ShelfName: [ShelfName]] = [:]
    /// The hosts that patterns mean.
    private var meant: Set<ShelfName> = []

    init(_ judge: OutlookJudge, _ fleet: FleetRules) {
        (self.judge, self.fleet) = (judge, fleet)
    }

    /// True if the rules of all hosts that patterns mean and that were heard within an hour are met.
    var isCommonMet: Bool {
        let recent = meant.compactMap { hosts[$0] }.filter(\.isRecent)
        return !recent.isEmpty && recent.allSatisfy(\.isMet)
    }

    mutating func look(at pattern: HostPattern) {
        guard let shelf = pattern.shelf else { return lookAtMany(pattern) }
        let found = fleet.hosts(named: shelf.description)
        add(shelf)
        named[shelf] = found.map(\.posture.host)
        for host in found { judgeOnce(host) }
        guard found.isEmpty else { return }
        let reason = "the inventory has no host of this name"
        hosts[shelf] = HostOutlook(host: shelf, verdict: .unknown(reason), ports: [])
    }

    private mutating func lookAtMany(_ pattern: HostPattern) {
        if let common = Self.common { add(common) }
        for host in fleet.hosts(matching: pattern) where host.posture.state != .retired {
            meant.insert(host.posture.host)
            judgeOnce(host)
        }
    }

    private mutating func add(_ shelf: ShelfName) {
        if !shelves.contains(shelf) { shelves.append(shelf) }
    }

    private mutating func judgeOnce(_ host: FleetRules.Host) {
        guard hosts[host.posture.host] == nil else { return }
        hosts[host.posture.host] = judge.outlook(on: host)
    }
}
