import Attestation
import Depot
import Grants
import HubStorage
import Logging
import Posture
import Transparency

/// The posture of all hosts in memory, kept up to date by statuses, by the inventory and by time.
actor FleetBoard {
    /// The hosts without a line of the inventory whose statuses are kept.
    static let mostStrangers = 1_000
    private static let page: Int64 = 200

    let database: any Database
    let logger: Logger
    let now: @Sendable () -> Moment
    var fleet: LiveFleet
    private var inventory: FleetInventory
    private var uses: [ShelfName: HostUse] = [:]
    /// The position of the status of each host, and the root of its log.
    private var places: [ShelfName: (position: Int64, root: TreeHash?)] = [:]
    /// The position after which statuses were not read yet.
    private var position: Int64 = 0
    var alarm: (at: Moment, task: Task<Void, Never>)?
    /// The time from which on silence is told of: a hub that was away itself heard nobody.
    var quietUntil: Moment
    private var isLoaded = false

    init(
        _ database: any Database,
        inventory path: String?,
        silentAfter: Duration,
        logger: Logger,
        now: @escaping @Sendable () -> Moment
    ) {
        (self.database, self.logger, self.now) = (database, logger, now)
        fleet = LiveFleet(silentAfter: silentAfter)
        inventory = FleetInventory(path: path)
        quietUntil = now() + silentAfter
    }

    func close() {
        alarm?.task.cancel()
    }

    // MARK: looking

    /// The postures of all hosts by name.
    func hosts() -> [HostPosture] {
        refreshFile()
        return fleet.hosts(at: now())
    }

    func host(_ name: ShelfName) -> HostPosture? {
        refreshFile()
        return fleet.host(name, at: now())
    }

    /// The rows of all hosts by name.
    func rows() -> [HostRow] {
        let moment = now()
        return hosts().map { HostRow($0, uses[$0.host] ?? HostUse(), at: moment) }
    }

    func row(_ name: ShelfName) -> HostRow? {
        host(name).map { HostRow($0, uses[name] ?? HostUse(), at: now()) }
    }

    /// The lines of the inventory, with their sources.
    func lines() -> [FleetInventory.Line] {
        refreshFile()
        return inventory.lines
    }

    func entry(of host: ShelfName) -> Inventory.Entry? {
        refreshFile()
        return fleet.entry(of: host)
    }

    /// The facts about a host that spare reading what the store has.
    func known(_ host: ShelfName) -> KnownHost {
        KnownHost(
            position: places[host]?.position ?? 0,
            note: fleet.note(of: host),
            root: places[host]?.root,
            witness: fleet.witness(of: host),
            state: fleet.state(of: host)
        )
    }

    /// True if a status of a host that is in no inventory has room.
    func hasRoom(forStranger host: ShelfName) -> Bool {
        fleet.entry(of: host) != nil || places[host] != nil || fleet.strangers < Self.mostStrangers
    }

    // MARK: changes

    /// Takes what has changed in the store.
    func follow(_ news: ChangeFeed.News) async throws(StorageError) {
        switch news {
        case .everything: try await load()
        case .changes(let changes):
            if changes.contains(where: { $0.topic == .inventory }) { try await readInventory() }
            let hosts = changes.filter { $0.topic == .status }
            if hosts.contains(where: { $0.position > places[named: $0.name] }) {
                try await readStatuses()
            }
        }
    }

    /// Takes a status that this hub has put into the store.
    func took(
        _ note: ReadNote,
        of host: ShelfName,
        root: TreeHash?,
        at position: Int64,
        _ witness: WitnessView?
    ) {
        guard position > places[host]?.position ?? 0 else { return }
        count(note, of: host)
        places[host] = (position, root)
        _ = fleet.read(note, witness, of: host, at: now())
        setAlarm()
    }

    private func load() async throws(StorageError) {
        try await readInventory()
        let since = now() + (.zero - HostUse.period)
        uses = try await database.read { statements throws(StorageError) in
            try OpeningRecords(statements: statements).uses(since: since)
        }
        position = 0
        isLoaded = false
        try await readStatuses()
        isLoaded = true
    }

    private func readInventory() async throws(StorageError) {
        let lines = try await database.read { statements throws(StorageError) in
            try InventoryRecords(statements: statements).lines()
        }
        inventory.take(lines)
        _ = inventory.refresh()
        apply()
    }

    /// Reads the statuses that came since, of this hub or of others.
    private func readStatuses() async throws(StorageError) {
        while true {
            let after = position
            let rows = try await database.read { statements throws(StorageError) in
                try StatusRecords(statements: statements).rows(after: after, limit: Self.page)
            }
            for row in rows { read(row) }
            position = max(position, rows.last?.position ?? 0)
            guard rows.count == Int(Self.page) else { break }
        }
        setAlarm()
    }

    private func read(_ row: StatusRecords.Row) {
        let known = places[row.host]?.position ?? 0
        guard row.position > known || row.position == known && !isLoaded else { return }
        let (note, root, witness) = reading(row)
        if isLoaded { count(note, of: row.host) }
        places[row.host] = (row.position, root)
        _ = fleet.read(note, witness, of: row.host, at: now())
    }

    private func reading(
        _ row: StatusRecords.Row
    ) -> (note: ReadNote, root: TreeHash?, witness: WitnessView?) {
        guard let entry = fleet.entry(of: row.host), case .keyed(let key) = entry.kind else {
            return (Self.stranger(row), nil, nil)
        }
        do throws(StatusError) {
            let note = try StatusNote(parsing: row.note, signedBy: key)
            var view = WitnessView(newest: Sighting(NotePosition(note), seen: row.seen))
            if StoredWitness.isAlarming(row.witness),
                let witness = StoredWitness.decode(row.witness, by: key)
            {
                view.forkSeen = witness.fork?.seen
                view.isAlarming = witness.isAlarming
            }
            return (ReadNote(note), note.checkpoint.checkpoint.root, view)
        } catch {
            return (.unverified(error.description), nil, nil)
        }
    }

    private static func stranger(_ row: StatusRecords.Row) -> ReadNote {
        let claim = StatusNote.claimedOrigin(of: row.note).map { ", of \($0)," } ?? ""
        return .unverified("there is a status\(claim) and the inventory has no key")
    }

    /// Counts the grants of a status that were not open in the one before.
    private func count(_ note: ReadNote, of host: ShelfName) {
        guard let status = note.status else { return }
        let earlier = Set(fleet.note(of: host).status?.grants.open.map(\.id) ?? [])
        for grant in status.grants.open where !earlier.contains(grant.id) {
            uses[host, default: HostUse()].add(grant.requestor, at: grant.opened)
        }
    }

    private func refreshFile() {
        guard inventory.refresh() else { return }
        apply()
        setAlarm()
    }

    /// Takes the inventory that is there now; hosts that have a key since are read again.
    private func apply() {
        if let problem = inventory.problem {
            logger.error("the inventory was not read", metadata: ["reason": "\(problem)"])
        }
        let unread = fleet.apply(inventory.entries, at: now()).unread
        guard !unread.isEmpty else { return }
        Task { await self.readAgain(unread) }
    }

    private func readAgain(_ hosts: [ShelfName]) async {
        for host in hosts {
            let row = try? await database.read { statements throws(StorageError) in
                try StatusRecords(statements: statements).row(host)
            }
            guard let row else { continue }
            let (note, root, witness) = reading(row)
            places[host] = (row.position, root)
            _ = fleet.read(note, witness, of: host, at: now())
        }
        setAlarm()
    }
}

extension [ShelfName: (position: Int64, root: TreeHash?)] {
    /// The position of the host of a name; 0 if it has none.
    fileprivate subscript(named name: String) -> Int64 {
        ShelfName(name).flatMap { self[$0]?.position } ?? 0
    }
}
