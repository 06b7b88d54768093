import Auditing
import Grants
import Scheduling

/// What survives the agent: two clocks, a disk, a kernel, and the directory of grant files.
struct ModelHost {
    enum Failure: Error {
        /// The agent died between two effects.
        case crash
        case diskFull
    }

    /// CLOCK_BOOTTIME in microseconds, and which boot it counts from.
    var boot: Int64 = 1_000_000
    var bootNumber = 0
    /// The wall clock is the boot clock and this.
    var wallOffset: Int64 = 1_800_000_000_000_000
    /// What that would be if nobody had set it.
    private(set) var rightOffset: Int64 = 1_800_000_000_000_000
    /// Which grant files lie in the directory: the wish.
    var files: [GrantID: Grant] = [:]
    var isDiskFull = false
    /// How many effects succeed before the agent dies; `nil` if it does not.
    var fuse: Int?
    /// When, on the boot clock, the kernel itself ends an opening.
    private(set) var kernel: [Opening: Int64] = [:]
    private(set) var log: [Record] = []
    /// What the log says, told in the simplest way: deadlines of what opened, and what closed.
    private(set) var opened: [GrantID: Moment] = [:]
    private(set) var closed: Set<GrantID> = []
    /// Grants that the log says opened again.
    private(set) var reopened: Set<GrantID> = []
    /// On which boot each grant opened, when, and how long it was to last.
    private(set) var begun: [GrantID: (boot: Int, at: Int64, length: Duration)] = [:]

    var wall: Moment { Moment(microseconds: boot + wallOffset) }

    /// What the kernel lets pass now.
    var passing: Set<Opening> { Set(kernel.filter { $0.value > boot }.keys) }

    /// The model: what is open was opened, has not ended, has its file, and is not at its deadline.
    func shouldPass(at now: Moment) -> Set<Opening> {
        let open = opened.filter { id, deadline in
            now + lead < deadline && !closed.contains(id) && files[id] != nil
        }
        return Set(open.keys.compactMap { files[$0]?.openings }.joined())
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

    mutating func append(_ records: [Record], at now: Moment) throws(Failure) {
        guard !records.isEmpty else { return }
        try step()
        guard !isDiskFull else { throw .diskFull }
        log += records
        for record in records { note(record.entry, at: now) }
        try step()
    }

    private mutating func note(_ entry: AuditEntry, at now: Moment) {
        guard let id = entry[.grant].flatMap({ try? GrantID(parsing: $0) }) else { return }
        if entry.event == .grantClosed { closed.insert(id) }
        guard entry.event == .grantOpened else { return }
        if opened[id] != nil || closed.contains(id) { reopened.insert(id) }
        guard let deadline = entry[.deadline].flatMap({ try? Moment(parsing: $0) })
        else { return }
        opened[id] = deadline
        begun[id] = (bootNumber, boot, deadline - now)
    }

    mutating func commit(_ changes: [Opening: Duration?]) throws(Failure) {
        guard !changes.isEmpty else { return }
        try step()
        for (opening, left) in changes { kernel[opening] = left.map { boot + $0.microseconds } }
        try step()
    }

    /// Puts a whole gate in place of what is there.
    mutating func install(_ open: [Opening: Duration]) throws(Failure) {
        try step()
        kernel = open.mapValues { boot + $0.microseconds }
        try step()
    }
}

/// How early an open grant ends.
let lead = Duration.milliseconds(3)
