import Grants
import Lifecycle
import Scheduling

/// Carries steps out in the agent's order, on a host that is a model: record, kernel, record.
struct ModelAgent {
    private static let retry = Duration.seconds(5)

    private(set) var lifecycle = Lifecycle(lead: lead)
    private(set) var timeline: Timeline
    /// Records of what the kernel has not carried out.
    private var held: [ModelHost.Record] = []
    /// Records that the disk has not taken.
    private var unwritten: [ModelHost.Record] = []
    private var isInstalled = false
    /// The moment to try the disk or the kernel again.
    private var retryDue: Moment?
    /// The timeline's offset that the kernel's timeouts go by.
    private var kernelOffset: Int64 = 0

    /// Takes up where the log ended.
    init(on host: inout ModelHost) throws(ModelHost.Failure) {
        timeline = Timeline(wall: host.wall, boot: host.boot)
        if let saved = host.timeline {
            if saved.bootNumber == host.bootNumber {
                timeline = saved.value
            } else {
                timeline.raise(to: saved.value.closing)
            }
        }
        read(host)
        for id in host.accepted where !host.closed.contains(id) {
            let times = host.opened[id]
            let openings = host.files[id]?.openings ?? []
            let recorded = RecordedGrant(
                openings: openings,
                since: times?.since,
                deadline: times?.deadline,
                supersedes: host.superseded[id] ?? []
            )
            lifecycle.restore(id, digest: "/\(id)", recorded)
        }
        for (id, until) in host.draining {
            guard let grant = host.files[id], let times = host.opened[id] else { continue }
            lifecycle.restore(
                provenance(grant),
                openSince: times.since,
                deadline: times.deadline,
                drainingUntil: until
            )
        }
        for grant in host.files.values { receive(grant, on: host) }
        for id in lifecycle.grants.unseen.map(\.id) {
            _ = lifecycle.withdrawn(id, because: .removed)
        }
        try settle(on: &host)
    }

    private mutating func read(_ host: ModelHost) {
        _ = timeline.read(wall: host.wall, boot: host.boot)
    }

    // MARK: what happens

    mutating func receive(_ grant: Grant, on host: ModelHost) {
        read(host)
        if host.closed.contains(grant.id) { return }
        guard host.accepted.contains(grant.id) || timeline.closing < grant.expires else { return }
        lifecycle.received(provenance(grant), nil)
    }

    mutating func end(_ id: GrantID, because reason: EndReason) {
        _ = lifecycle.withdrawn(id, because: reason)
    }

    /// The moment, on the boot clock, of the wake-up that it asks for.
    mutating func wake(on host: ModelHost) -> Int64? {
        read(host)
        let due = lifecycle.nextWake(after: timeline.closing, on: timeline)
        return [due, retryDue].compactMap(\.self).min().map { timeline.boot(at: $0) }
    }

    // MARK: the one way

    /// Goes back behind a step forward that was taken back, once that is on record.
    private mutating func followClocks(on host: inout ModelHost) throws(ModelHost.Failure) {
        read(host)
        guard let moment = timeline.comeback, try append([.clockAccepted], on: &host) else {
            return
        }
        timeline.accept(moment, boot: host.boot)
        lifecycle.timeWentBack()
        // What was refused as out of date may not be so.
        for grant in host.files.values { receive(grant, on: host) }
    }

    mutating func settle(on host: inout ModelHost) throws(ModelHost.Failure) {
        try followClocks(on: &host)
        var step = lifecycle.step(at: timeline.closing, opening: timeline.opening)
        try record(&step, on: &host)
        let changes = lifecycle.apply(&step, draining: drains(of: step))
        for ending in step.endings { held.append(Self.record(of: ending)) }
        do {
            if isInstalled, timeline.offset == kernelOffset {
                try host.commit(changes.mapValues { $0.map { timeline.boot(at: $0) } })
            } else {
                try host.install(lifecycle.held.all.mapValues { timeline.boot(at: $0) })
            }
            isInstalled = true
            kernelOffset = timeline.offset
            lifecycle.committed()
            let ends = held
            held = []
            unwritten += ends
        } catch .kernelRefused {
            isInstalled = false
        }
        guard try append([], on: &host), isInstalled else {
            return retryDue = timeline.closing + Self.retry
        }
        retryDue = nil
        lifecycle.closingsRecorded()
        for id in host.files.keys where host.closed.contains(id) && host.draining[id] == nil {
            host.files[id] = nil
        }
    }

    /// Every second grant drains for three seconds.
    private func drains(of step: Step) -> [GrantID: Moment] {
        var drains: [GrantID: Moment] = [:]
        for ending in step.endings where ending.mayDrain && ending.id.value % 2 == 0 {
            drains[ending.id] = ending.phase.deadline.map { $0 + .seconds(3) }
        }
        return drains
    }

    private static func record(of ending: Ending) -> ModelHost.Record {
        if let until = ending.drainsUntil { return .drains(ending.id, until: until) }
        return ending.phase.isDraining ? .drainEnded(ending.id) : .closed(ending.id)
    }

    private mutating func record(
        _ step: inout Step,
        on host: inout ModelHost
    ) throws(ModelHost.Failure) {
        let records =
            step.accepted.map { ModelHost.Record.accepted($0.id) }
            + step.opened.map { entry, deadline in
                .opened(entry.id, until: deadline, superseding: entry.grant?.supersedes ?? [])
            }
            + bars(by: step, on: host)
        if try append(records, on: &host) {
            lifecycle.recorded(step)
            if !step.opened.isEmpty { timeline.confirmSteps() }
        } else {
            lifecycle.notRecorded(&step, retryAt: timeline.closing + Self.retry)
        }
    }

    /// The grants that opening grants supersede and that never came.
    private func bars(by step: Step, on host: ModelHost) -> [ModelHost.Record] {
        let old = Set(step.opened.flatMap { $0.entry.grant?.supersedes ?? [] })
        return old.filter { !lifecycle.grants.isLive($0) && !isEnded($0, on: host) }
            .map { .closed($0) }
    }

    /// Returns true if a grant's end is on record, or waits for that.
    private func isEnded(_ id: GrantID, on host: ModelHost) -> Bool {
        host.closed.contains(id) || host.accepted.contains(id) || lifecycle.grants[id] != nil
    }

    /// Appends what waits and these, all or none of them; answers whether the disk took them.
    private mutating func append(
        _ records: [ModelHost.Record],
        on host: inout ModelHost
    ) throws(ModelHost.Failure) -> Bool {
        do {
            try host.append(unwritten + records, timeline)
            unwritten = []
            return true
        } catch .diskFull {
            return false
        }
    }
}
