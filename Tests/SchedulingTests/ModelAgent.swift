import Auditing
import Grants
import Scheduling

/// The core of the agent in its own order, on a host that is a model: record, kernel, record.
struct ModelAgent {
    private static let retry = Duration.seconds(5)

    private var timetable = Timetable(lead: lead)
    private var timeline: Timeline
    private var ledger = Ledger()
    private var facts: [GrantID: GrantFacts] = [:]
    private var unrecorded: Set<GrantID> = []
    private var unwritten: [(entry: AuditEntry, stamp: RecordStamp)] = []
    private var closings: [AuditEntry] = []
    private var isInstalled = false
    /// The timeline's offset that the kernel's timeouts go by.
    private var kernelOffset: Int64 = 0

    /// Takes up where the log ended.
    init(on host: inout ModelHost) throws(ModelHost.Failure) {
        timeline = Timeline(wall: host.wall, boot: host.boot)
        for record in host.log {
            do throws(RecordError) { try ledger.take(record) } catch { throw .crash }
        }
        timeline = ledger.clock.resumed(by: timeline, in: Self.stamp(host).bootID)
        try note([AuditEntry(.policyLoaded, "Policy loaded")], on: &host)
        for grant in host.files.values { receive(grant, on: host) }
        for (id, standing) in ledger.standings where timetable[id] == nil {
            if let live = standing.live { closings.append(.closed(live, because: .removed)) }
        }
        try settle(on: &host)
    }

    // MARK: what happens

    mutating func receive(_ grant: Grant, on host: ModelHost) {
        let now = timeline.read(wall: host.wall, boot: host.boot)
        let standing = ledger[grant.id]
        if case .ended = standing { return }
        guard standing != nil || now < grant.expires, timetable[grant.id] == nil else { return }
        let hex = String(grant.id.value, radix: 16)
        let digest = String(repeating: "0", count: 64 - hex.count) + hex
        facts[grant.id] = GrantFacts(grant: grant, digest: digest, signers: [], file: "/\(hex)")
        if case .open(_, let since, let deadline) = standing {
            timetable.restore(grant, openSince: since, deadline: deadline)
        } else {
            timetable.admit(grant, at: now)
            if standing == nil { unrecorded.insert(grant.id) }
        }
    }

    mutating func end(_ id: GrantID, because reason: EndReason) {
        _ = timetable.end(id, because: reason)
    }

    /// The wall clock was set.
    mutating func clockSet(on host: inout ModelHost) throws(ModelHost.Failure) {
        try note([AuditEntry(.clockStepped, "The wall clock was set")], on: &host)
        try settle(on: &host)
    }

    /// When, on the boot clock, it wants to be woken.
    mutating func wake(on host: ModelHost) -> Int64? {
        let now = timeline.read(wall: host.wall, boot: host.boot)
        let due = timetable.nextWake(after: now, on: timeline)
        let isWaiting = !unwritten.isEmpty
        let wake = isWaiting ? min(due ?? now + Self.retry, now + Self.retry) : due
        return wake.map { timeline.boot(at: $0) }
    }

    func now(on host: ModelHost) -> Moment {
        var timeline = timeline
        return timeline.read(wall: host.wall, boot: host.boot)
    }

    /// The time that what opens goes by.
    func opening(on host: ModelHost) -> Moment {
        var timeline = timeline
        _ = timeline.read(wall: host.wall, boot: host.boot)
        return timeline.opening
    }

    // MARK: the one way

    /// Goes back behind a step forward that was taken back, once that is on record.
    private mutating func followClocks(on host: inout ModelHost) throws(ModelHost.Failure) {
        let now = timeline.read(wall: host.wall, boot: host.boot)
        guard let moment = timeline.comeback else { return }
        let fields: [AuditField: [String]] = [.clock: [moment.description]]
        do {
            let entry = AuditEntry(.clockAccepted, "The wall clock is back", fields: fields)
            try append([entry], at: now, on: &host)
        } catch .diskFull {
            return
        }
        timeline.accept(moment, boot: host.boot)
        timetable.retryAll()
        // What was refused as out of date may not be so.
        for grant in host.files.values { receive(grant, on: host) }
    }

    mutating func settle(on host: inout ModelHost) throws(ModelHost.Failure) {
        try followClocks(on: &host)
        let now = timeline.read(wall: host.wall, boot: host.boot)
        var agenda = timetable.agenda(at: now, opening: timeline.opening)
        try recordOpenings(&agenda, at: now, on: &host)
        let changes = timetable.carryOut(agenda, at: now)
        if isInstalled, timeline.offset == kernelOffset {
            try host.commit(changes.mapValues { $0.map { $0 - now } })
        } else {
            try host.install(timetable.desired.mapValues { $0 - now })
            isInstalled = true
            kernelOffset = timeline.offset
        }
        closings += agenda.endings.compactMap { close($0) }
        try note(closings, on: &host)
        closings = []
        for ending in agenda.endings { host.files[ending.scheduled.id] = nil }
    }

    private mutating func recordOpenings(
        _ agenda: inout Agenda,
        at now: Moment,
        on host: inout ModelHost
    ) throws(ModelHost.Failure) {
        let ended = Set(agenda.endings.map(\.scheduled.id))
        var entries = unrecorded.subtracting(ended).sorted().compactMap { facts[$0] }
            .map { AuditEntry.accepted($0) }
        for scheduled in agenda.openings {
            guard let facts = facts[scheduled.id] else { continue }
            entries.append(.opened(facts, until: scheduled.grant.deadline(openingAt: now)))
        }
        do {
            try append(entries, at: now, on: &host)
            unrecorded = []
            if !agenda.openings.isEmpty { timeline.confirmSteps() }
        } catch .diskFull {
            for scheduled in agenda.openings {
                timetable.postpone(scheduled.id, until: now + Self.retry)
            }
            agenda.openings = []
        }
    }

    private mutating func close(_ ending: Ending) -> AuditEntry? {
        unrecorded.remove(ending.scheduled.id)
        return facts.removeValue(forKey: ending.scheduled.id)
            .map { .closed($0, because: ending.reason) }
    }

    // MARK: the log

    private mutating func append(
        _ entries: [AuditEntry],
        at now: Moment,
        on host: inout ModelHost
    ) throws(ModelHost.Failure) {
        let waiting = unwritten + entries.map { ($0, Self.stamp(host)) }
        let records = waiting.enumerated().map { index, item in
            let sequence = ledger.nextSequence + UInt64(index)
            return Record(sequence: sequence, stamp: item.stamp, entry: item.entry)
        }
        try host.append(records, at: now)
        unwritten = []
        for record in records {
            do throws(RecordError) { try ledger.take(record) } catch { throw .crash }
        }
    }

    private mutating func note(
        _ entries: [AuditEntry],
        on host: inout ModelHost
    ) throws(ModelHost.Failure) {
        do {
            try append(entries, at: now(on: host), on: &host)
        } catch .diskFull {
            unwritten += entries.map { ($0, Self.stamp(host)) }
        }
    }

    private static func stamp(_ host: ModelHost) -> RecordStamp {
        RecordStamp(
            realtime: host.wall,
            boot: host.boot,
            bootID: "boot \(host.bootNumber)",
            machineID: "",
            hostname: "web-1"
        )
    }
}
