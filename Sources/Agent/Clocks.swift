import AgentInterface
import Auditing
import Grants
import Linux
import Recording
import Scheduling
import SystemPackage

/// The moment of a turn: the readings of both clocks, and the two times that follow.
struct Now: Sendable {
    /// The time for closing.
    let closing: Moment
    /// The time for opening, which may be behind.
    let opening: Moment
    let reading: ClockReading
}

/// The clocks and their steps, the time that grants go by, and the one timer of the agent.
final class Clocks {
    private(set) var timeline: Timeline
    private(set) var lastReading: ClockReading
    /// The wall clock's offset to CLOCK_BOOTTIME as records tell it.
    private var recordedWallOffset: Int64
    /// The timeline's offset that the kernel's timeouts go by.
    private var kernelOffset: Int64
    /// The time that the machine had been suspended when the kernel's timeouts were last right.
    private var suspended = ClockReading.suspendedMicroseconds()
    private let timer: BootTimeTimer?
    private let conditions: HostConditions

    /// Goes on from the time of the last record; without a timer for tests, where nothing rings.
    init(
        _ timer: BootTimeTimer?,
        resuming floor: TimeLowerBound,
        in bootID: String,
        at reading: ClockReading = .now(),
        _ conditions: HostConditions = HostConditions()
    ) {
        self.timer = timer
        self.conditions = conditions
        lastReading = reading
        recordedWallOffset = reading.wallOffset
        timeline = floor.resumed(by: Timeline(reading), in: bootID)
        kernelOffset = timeline.offset
    }

    /// Reads the clocks; time goes back only where `undoStep` says so.
    func read() -> Now { read(.now()) }

    func read(_ reading: ClockReading) -> Now {
        lastReading = reading
        conditions.begin(at: reading)
        let closing = timeline.read(reading)
        return Now(closing: closing, opening: timeline.opening, reading: reading)
    }

    /// Arms the timer for a moment, or disarms it.
    func arm(at wake: Moment?) throws(Errno) {
        if let wake {
            try timer?.arm(atBootMicroseconds: timeline.boot(at: wake))
        } else {
            try timer?.disarm()
        }
    }

    /// Confirms steps when an opening is on record: time never goes back behind that.
    func confirmSteps() { timeline.confirmSteps() }

    /// Notes a moment that a fresh bulletin shows: no step is undone to before it.
    func keepAbove(_ moment: Moment) { timeline.keepAbove(moment) }

    // MARK: steps

    /// The step of the wall clock since the last recorded one, if it is of `least` microseconds; a
    /// smaller difference is the time between two readings.
    private func takeStep(atLeast least: Int64) -> Int64? {
        let step = lastReading.wallOffset - recordedWallOffset
        guard step.magnitude >= least else { return nil }
        recordedWallOffset = lastReading.wallOffset
        return step
    }

    /// Records a step of the wall clock, if there was one.
    func recordStep(atLeast least: Int64, in audit: AuditWriter) {
        guard let step = takeStep(atLeast: least) else { return }
        audit.note(.clockStepped("The wall clock was set", by: step))
    }

    /// Records that the wall clock is behind the log, if it is: time goes on from the last record.
    func recordBehindLog(in audit: AuditWriter) {
        guard let floor = audit.logState.clock.moment else { return }
        let behind = lastReading.wallMicroseconds - floor.microseconds
        guard behind < 0 else { return }
        audit.note(.clockStepped("The wall clock is behind the last record", by: behind))
    }

    /// Goes back behind a step forward that was taken back, once that is on record; returns whether it
    /// did, so that all files have to be judged again.
    func undoStep(in audit: AuditWriter) -> Bool {
        guard let moment = timeline.comeback else { return false }
        let text =
            "The wall clock is back where it was before it was set forward: time goes on there"
        do throws(RecordingError) {
            try goBack(to: moment, text, in: audit)
            return true
        } catch {
            return false
        }
    }

    /// Goes on from `moment`, once that is on record; all files have to be judged again then.
    func goBack(
        to moment: Moment,
        _ text: String,
        _ fields: [AuditField: [String]] = [:],
        in audit: AuditWriter
    ) throws(RecordingError) {
        let gain = moment - timeline.closing
        let entry = AuditEntry.clockAccepted(text, at: moment, by: gain, fields)
        try audit.append([entry], at: lastReading)
        timeline.accept(moment, boot: lastReading.bootMicroseconds)
    }

    // MARK: time that is held ahead of the wall clock

    var isHeld: Bool { timeline.isHeld }

    /// The seconds that time is held ahead, and the record since when; `nil` if it is not held.
    ///
    /// As of the last reading, or of a later one.
    func heldTime(_ floor: TimeLowerBound, at reading: ClockReading? = nil) -> AgentStatus.HeldTime?
    {
        var timeline = timeline
        if let reading { _ = timeline.read(reading) }
        guard timeline.isHeld else { return nil }
        let now = timeline.closing.microseconds
        return AgentStatus.HeldTime(
            seconds: Int(timeline.lead.components.seconds),
            time: Moment(microseconds: now - now % 1_000_000),
            since: floor.reachedIn.map(Int.init(clamping:))
        )
    }

    // MARK: the kernel's own timeouts

    /// True if the kernel's own timeouts are off the deadlines: the kernel counts them by a clock
    /// that stands still in sleep, and time was set.
    var areTimeoutsOff: Bool {
        (timeline.offset - kernelOffset).magnitude > Self.leastChange || hasSlept
    }

    /// True if the machine was suspended since the kernel's timeouts were last right.
    var hasSlept: Bool {
        ClockReading.suspendedMicroseconds() - suspended > Self.leastChange
    }

    /// In microseconds; less is the time that passes between two readings.
    private static let leastChange: Int64 = 5_000

    /// The kernel's timeouts are those of the deadlines as of the last reading.
    func noteTimeoutsRight() {
        kernelOffset = timeline.offset
        suspended = ClockReading.suspendedMicroseconds()
    }
}

extension Timeline {
    init(_ reading: ClockReading) {
        self.init(
            wall: Moment(microseconds: reading.wallMicroseconds),
            boot: reading.bootMicroseconds
        )
    }

    fileprivate mutating func read(_ reading: ClockReading) -> Moment {
        read(
            wall: Moment(microseconds: reading.wallMicroseconds),
            boot: reading.bootMicroseconds
        )
    }
}

extension ClockReading {
    /// The wall clock's offset to CLOCK_BOOTTIME, which changes only when it is set.
    fileprivate var wallOffset: Int64 { wallMicroseconds - bootMicroseconds }
}

extension AuditEntry {
    fileprivate static func clockStepped(_ what: String, by step: Int64) -> Self {
        let text = seconds(step)
        return Self(.clockStepped, "\(what), by \(text)", fields: [.reason: [text]])
    }

    /// `gain` is negative, as time goes back.
    fileprivate static func clockAccepted(
        _ what: String,
        at moment: Moment,
        by gain: Duration,
        _ fields: [AuditField: [String]]
    ) -> Self {
        let text = seconds(gain.microseconds)
        let more: [AuditField: [String]] = [.clock: [moment.description], .reason: [text]]
        let fields = fields.merging(more) { $1 }
        return Self(.clockAccepted, "\(what), by \(text)", fields: fields)
    }

    /// Such as `+1.500 s`.
    private static func seconds(_ step: Int64) -> String {
        let sign = step < 0 ? "-" : "+"
        let milliseconds = String(step.magnitude / 1000 % 1000)
        let fraction = String(repeating: "0", count: 3 - milliseconds.count) + milliseconds
        return "\(sign)\(step.magnitude / 1_000_000).\(fraction) s"
    }
}
