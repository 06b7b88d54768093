import Depot
import Grants
import HubSettings
import HubStorage
import Offers
import Posture
import Requests

/// The rules of hosts, as requests are judged by them, made of the posture of the fleet.
actor FleetRulesCache {
    /// The time for which the rules of the whole fleet are kept.
    private static let lifetime: Duration = .seconds(5)

    private let fleet: FleetBoard
    private let now: @Sendable () -> Moment
    private var all: (rules: FleetRules, made: Moment)?

    init(_ fleet: FleetBoard, now: @escaping @Sendable () -> Moment) {
        (self.fleet, self.now) = (fleet, now)
    }

    /// The rules of all hosts that a grant may mean: of the named ones alone if it has no patterns.
    func rules(for grant: Grant) async -> FleetRules {
        let names = grant.hosts.map(\.shelf)
        guard !names.contains(nil) else { return await wholeFleet() }
        var postures: [HostPosture] = []
        for name in names.compactMap(\.self) {
            // A host may have a name in the inventory that is not its own.
            guard let posture = await fleet.host(name) else { return await wholeFleet() }
            postures.append(posture)
        }
        return FleetRules(postures, at: now())
    }

    private func wholeFleet() async -> FleetRules {
        let moment = now()
        if let all, all.made <= moment, moment - all.made < Self.lifetime { return all.rules }
        let rules = FleetRules(await fleet.hosts(), at: moment)
        all = (rules, moment)
        return rules
    }
}

extension RequestDesk {
    /// The desk of a hub.
    init(
        _ limits: HubConfiguration.Limits,
        _ database: any Database,
        _ people: People,
        _ fleet: FleetBoard,
        now: @escaping @Sendable () -> Moment
    ) {
        let rules = FleetRulesCache(fleet, now: now)
        self.init(
            database: database,
            limits: Limits(lifetime: limits.requestLifetime, perPerson: limits.requestsPerPerson),
            verifier: { people.verifier },
            fleet: { await rules.rules(for: $0) },
            now: now
        )
    }
}
