import Auditing
import Control
import Grants
import Netfilter
import Scheduling

/// All that a list of grants tells, as of one moment: the entries are made of it where that keeps
/// nobody waiting.
struct Listing: Sendable {
    let grants: [ScheduledGrant]
    let facts: [GrantID: GrantFacts]
    let carried: [Opening: Traffic]
    let connections: [GrantID: Int]
    /// How many sessions of each grant that drains go on.
    let sessions: [GrantID: Int]
    let endings: [EndedGrant]
    let now: Moment

    /// Those that ended, in the order of their ends, then the others in that of their deadlines.
    var entries: [GrantEntry] {
        let live = grants.compactMap { scheduled in
            facts[scheduled.id].map { facts in
                let came = connections[scheduled.id] ?? 0
                let total = scheduled.total(carried).map { GrantEntry.Traffic($0, came) }
                var entry = GrantEntry(scheduled, facts, total, at: now)
                entry.sessions = sessions[scheduled.id]
                return entry
            }
        }
        .sorted { ($0.deadline, $0.id) < ($1.deadline, $1.id) }
        // What drains has had the record of its deadline, and goes on.
        let drains = Set(live.map(\.id))
        return endings.map(GrantEntry.init).filter { !drains.contains($0.id) } + live
    }
}

extension GrantEntry {
    fileprivate init(
        _ scheduled: ScheduledGrant,
        _ facts: GrantFacts,
        _ traffic: GrantEntry.Traffic?,
        at now: Moment
    ) {
        let state: GrantEntry.State
        var opened: Moment?
        var drainEnd: Moment?
        let deadline: Moment
        switch scheduled.phase {
        case .waiting(let opening):
            (state, deadline) = (.waiting, scheduled.grant.deadline(openingAt: max(opening, now)))
        case .open(let since, let end): (state, opened, deadline) = (.open, since, end)
        case .draining(let since, let end, let until):
            (state, opened, deadline, drainEnd) = (.draining, since, end, until)
        }
        self.init(
            id: facts.grant.id.description,
            state: state,
            requestor: facts.grant.requestor,
            signers: facts.signers,
            justification: facts.grant.justification,
            sources: facts.grant.sources.map(\.description),
            ports: facts.grant.ports.map(\.description),
            opened: opened?.description,
            deadline: deadline.description,
            drainUntil: drainEnd?.description,
            secondsLeft: Int(max(0, ((drainEnd ?? deadline) - now).microseconds) / 1_000_000),
            traffic: traffic,
            file: facts.file
        )
    }

    /// A grant that has ended, as the record of its end tells it.
    fileprivate init(_ ended: EndedGrant) {
        let fields = ended.entry.fields
        self.init(
            id: ended.entry[.grant] ?? "",
            state: .ended,
            requestor: ended.entry[.requestor] ?? "",
            signers: fields[.signers] ?? [],
            justification: ended.entry[.justification],
            sources: fields[.sources] ?? [],
            ports: fields[.ports] ?? [],
            opened: ended.openedAt?.description,
            deadline: ended.endedAt.description,
            secondsLeft: 0,
            traffic: Traffic(fields),
            file: ended.entry[.file]
        )
    }
}

extension GrantEntry.Traffic {
    fileprivate init(_ counted: Netfilter.Traffic, _ connections: Int) {
        self.init(
            packets: Int64(clamping: counted.packets),
            bytes: Int64(clamping: counted.bytes),
            connections: Int64(connections)
        )
    }

    fileprivate init?(_ fields: [AuditField: [String]]) {
        let number = { (field: AuditField) in fields[field]?.first.flatMap { Int64($0) } }
        guard let packets = number(.packets), let bytes = number(.bytes) else { return nil }
        self.init(packets: packets, bytes: bytes, connections: number(.connections) ?? 0)
    }
}
