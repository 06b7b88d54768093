import AgentInterface
import Auditing
import Grants
import Lifecycle
import Netfilter

/// The content of a list of grants at one moment, from which entries are made off the engine's
/// queue.
struct Listing: Sendable {
    let grants: [Lifecycle.Entry]
    let carried: [Opening: Traffic]
    let connections: [GrantID: Int]
    /// The number of sessions that go on, for each grant that drains.
    let sessions: [GrantID: Int]
    let endings: [EndedGrant]
    let breakGlass: BreakGlassGrants
    /// The grants that wait for a fresh bulletin.
    let heldBack: Set<GrantID>
    let now: Moment

    /// The ended grants, in the order of their ends, then the others in that of their deadlines.
    var entries: [GrantEntry] {
        let live = grants.compactMap { grant in
            grant.provenance.map { provenance in
                let came = connections[grant.id] ?? 0
                let total = grant.total(carried).map { GrantEntry.Traffic($0, came) }
                var entry = GrantEntry(grant, provenance, total, at: now)
                entry.sessions = sessions[grant.id]
                entry.breakGlass = mark(of: grant.id)
                entry.waitsFor = heldBack.contains(grant.id) ? .bulletin : nil
                return entry
            }
        }
        .sorted { ($0.deadline, $0.id) < ($1.deadline, $1.id) }
        // What drains has had the record of its deadline, and goes on.
        let drains = Set(live.map(\.id))
        var ended = endings.compactMap(GrantEntry.init).filter { !drains.contains($0.id) }
        for index in ended.indices { ended[index].breakGlass = mark(of: ended[index].id) }
        return ended + live
    }

    private func mark(of id: GrantID) -> GrantEntry.BreakGlass? {
        breakGlass[id].map { $0.review == nil ? .unreviewed : .reviewed }
    }
}

extension GrantEntry {
    fileprivate init(
        _ entry: Lifecycle.Entry,
        _ provenance: GrantProvenance,
        _ traffic: GrantEntry.Traffic?,
        at now: Moment
    ) {
        let state: GrantEntry.State
        var opened: Moment?
        var drainEnd: Moment?
        let deadline: Moment
        switch entry.phase.living {
        case .open(let since, let end): (state, opened, deadline) = (.open, since, end)
        case .draining(let since, let end, let until, _):
            (state, opened, deadline, drainEnd) = (.draining, since, end, until)
        default:
            let start = max(provenance.grant.notBefore ?? now, now)
            (state, deadline) = (.waiting, provenance.grant.deadline(openingAt: start))
        }
        self.init(
            id: provenance.grant.id,
            state: state,
            requestor: provenance.grant.requestor,
            signers: provenance.signers,
            justification: provenance.grant.justification,
            sources: provenance.grant.sources,
            ports: provenance.grant.ports,
            opened: opened,
            deadline: deadline,
            drainUntil: drainEnd,
            secondsLeft: Int(max(0, ((drainEnd ?? deadline) - now).microseconds) / 1_000_000),
            traffic: traffic,
            file: provenance.file,
            ticket: provenance.grant.ticket
        )
    }

    /// A grant that has ended, as the record of its end tells it.
    fileprivate init?(_ ended: EndedGrant) {
        guard let id = ended.entry[.grant].flatMap({ try? GrantID(parsing: $0) }) else {
            return nil
        }
        let fields = ended.entry.fields
        self.init(
            id: id,
            state: .ended,
            requestor: ended.entry[.requestor] ?? "",
            signers: fields[.signers] ?? [],
            justification: ended.entry[.justification],
            sources: (fields[.sources] ?? []).compactMap { try? Prefix(parsing: $0) },
            ports: (fields[.ports] ?? []).compactMap { try? Port(parsing: $0) },
            opened: ended.openedAt,
            deadline: ended.endedAt,
            secondsLeft: 0,
            traffic: Traffic(fields),
            file: ended.entry[.file],
            ticket: ended.entry[.ticket]
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
