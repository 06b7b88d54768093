import Grants
import Scheduling

/// The things that survive the agent: two clocks, a disk, a kernel, and the directory of grant
/// files.
struct ModelHost {
    enum Failure: Error {
        /// The agent died between two effects.
        case crash
        case diskFull
        case kernelRefused
    }

    enum Record {
        case accepted(GrantID)
        case opened(GrantID, until: Moment, superseding: [GrantID])
        case drains(GrantID, until: Moment)
        case closed(GrantID)
        case drainEnded(GrantID)
        case clockAccepted
    }

    /// CLOCK_BOOTTIME in microseconds, and which boot it counts from.
    var boot: Int64 = 1_000_000
    var bootNumber = 0
    /// The wall clock is the boot clock and this.
    var wallOffset: Int64 = 1_800_000_000_000_000
    /// The offset that would hold if nobody had set the clock.
    private(set) var rightOffset: Int64 = 1_800_000_000_000_000
    /// The grant files in the directory.
    var files: [GrantID: Grant] = [:]
    var isDiskFull = false
    var isKernelBroken = false
    /// The number of effects that succeed before the agent dies; `nil` if it does not.
    var fuse: Int?
    /// The time, on the boot clock, at which the kernel itself ends each opening.
    private(set) var kernel: [Opening: Int64] = [:]

    // What the log says, told in the simplest way.

    private(set) var accepted: Set<GrantID> = []
    /// The opening of each grant, and its deadline.
    private(set) var opened: [GrantID: (since: Moment, deadline: Moment)] = [:]
    private(set) var closed: Set<GrantID> = []
    /// The grants that each opened grant supersedes.
    private(set) var superseded: [GrantID: [GrantID]] = [:]
    private(set) var draining: [GrantID: Moment] = [:]
    /// The time as of the last record.
    private(set) var timeline: (value: Timeline, bootNumber: Int)?
    /// Records that must not have been made: of an opening twice, or of an end without a beginning.
    private(set) var wrong: [String] = []
    /// On which boot each grant opened, when, and how long it was to last.
    private(set) var begun: [GrantID: (boot: Int, at: Int64, length: Duration)] = [:]

    var wall: Moment { Moment(microseconds: boot + wallOffset) }

    /// The openings that the kernel lets pass now.
    var passing: Set<Opening> { Set(kernel.lazy.filter { $0.value > boot }.map(\.key)) }

    /// The model: what is open was opened, has not ended, has its file, and is not at its deadline.
    func shouldPass(at now: Moment) -> [Opening: Moment] {
        var open: [Opening: Moment] = [:]
        for (id, grant) in files where !closed.contains(id) {
            guard let deadline = opened[id]?.deadline, now + lead < deadline else { continue }
            for opening in grant.openings {
                open[opening] = max(deadline, open[opening] ?? deadline)
            }
        }
        return open
    }

    mutating func reboot(wallBehindBy loss: Int64) {
        wallOffset += boot - 1_000_000 - loss
        rightOffset = wallOffset
        boot = 1_000_000
        bootNumber += 1
        kernel = [:]
    }

    // MARK: effects

    /// The agent may die before an effect, after it, or not at all.
    private mutating func step() throws(Failure) {
        guard let left = fuse else { return }
        guard left > 0 else { throw .crash }
        fuse = left - 1
    }

    mutating func append(_ records: [Record], _ time: Timeline) throws(Failure) {
        guard !records.isEmpty else { return }
        try step()
        guard !isDiskFull else { throw .diskFull }
        var time = time
        for record in records {
            note(record, at: time.closing)
            // As the records say: time never goes back behind an opening.
            if case .opened = record { time.confirmSteps() }
        }
        timeline = (time, bootNumber)
        try step()
    }

    private mutating func note(_ record: Record, at now: Moment) {
        switch record {
        case .accepted(let id):
            if !accepted.insert(id).inserted { wrong.append("\(id) accepted twice") }
        case .opened(let id, let deadline, let old):
            superseded[id] = old
            if opened[id] != nil || closed.contains(id) { wrong.append("\(id) opened again") }
            if !accepted.contains(id) { wrong.append("\(id) opened and not accepted") }
            opened[id] = (now, deadline)
            begun[id] = (bootNumber, boot, deadline - now)
        case .drains(let id, let until):
            draining[id] = until
            if !closed.insert(id).inserted { wrong.append("\(id) closed twice") }
        case .closed(let id):
            if !closed.insert(id).inserted { wrong.append("\(id) closed twice") }
        case .drainEnded(let id): draining[id] = nil
        case .clockAccepted: break
        }
    }

    mutating func commit(_ changes: [Opening: Int64?]) throws(Failure) {
        guard !changes.isEmpty else { return }
        try step()
        guard !isKernelBroken else { throw .kernelRefused }
        for (opening, end) in changes { kernel[opening] = end }
        try step()
    }

    /// Puts a whole gate in place of what is there.
    mutating func install(_ open: [Opening: Int64]) throws(Failure) {
        try step()
        guard !isKernelBroken else { throw .kernelRefused }
        kernel = open
        try step()
    }
}

/// The time before its deadline at which an open grant ends.
let lead = Duration.milliseconds(3)
