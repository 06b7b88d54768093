import Auditing
import Control
import Enforcement
import Glibc
import Grants
import Linux
import Recording
import Scheduling

/// The clocks and their steps.
extension Gatekeeper {
    /// The time that what closes goes by; it goes back only where `undoStep` says so.
    func read() -> Moment {
        lastReading = .now()
        return timeline.read(lastReading)
    }

    /// Follows the clocks; answers whether a step forward was undone, so that all files have to be
    /// judged again.
    func followClocks() -> Bool {
        _ = read()
        noteStep(atLeast: 1_000_000)
        return undoStep()
    }

    /// The wall clock was set or the machine woke up, in which both clocks go on together.
    func clockSet() {
        _ = read()
        noteStep(atLeast: 1_000)
        settle()
    }

    /// Records by how much the wall clock was set since that was last recorded; a difference below
    /// `least` microseconds is the time between two readings.
    private func noteStep(atLeast least: Int64) {
        let step = lastReading.wallOffset - recordedWallOffset
        guard step.magnitude >= least else { return }
        recordedWallOffset = lastReading.wallOffset
        note(.clockStepped("The wall clock was set", by: step))
    }

    /// A clock behind the log: time goes on from the last record.
    func noteClockBehindLog() {
        guard let floor = trail.ledger.clock.moment else { return }
        let behind = lastReading.wallMicroseconds - floor.microseconds
        guard behind < 0 else { return }
        note(.clockStepped("The wall clock is behind the last record", by: behind))
    }

    /// Goes back behind a step forward that was taken back, once that is on record.
    ///
    /// Not while a policy is on trial, which would last longer by it.
    private func undoStep() -> Bool {
        guard tenure.deadline == nil, let moment = timeline.comeback else { return false }
        let text =
            "The wall clock is back where it was before it was set forward: time goes on there"
        do throws(RecordingError) {
            try goBack(to: moment, text, [:])
            return true
        } catch {
            return false
        }
    }

    /// Goes on from `moment`, once that is on record; all files have to be judged again then.
    private func goBack(
        to moment: Moment,
        _ text: String,
        _ fields: [AuditField: [String]]
    ) throws(RecordingError) {
        let gain = moment - timeline.closing
        let entry = AuditEntry.clockAccepted(text, at: moment, by: gain, fields)
        try trail.append([entry], at: lastReading)
        timeline.accept(moment, boot: lastReading.bootMicroseconds)
        // What was to be done a little later must not be so by as much.
        timetable.retryAll()
        if defence?.answerDue != nil { defence?.answerDue = moment }
    }

    /// Has the alarm ring when something is due.
    func arm(after now: Moment) {
        let dues = [
            timetable.nextWake(after: now, on: timeline), tenure.deadline, upkeepDue(after: now),
            nextPoll(after: now), sessionDue(at: now),
            refusals.due(at: now, isBusy: !intake.isEmpty),
        ]
        let due = dues.compactMap(\.self).min()
        let wake = triesAgain ? min(due ?? .init(microseconds: .max), now + Self.retry) : due
        do {
            if let wake {
                try alarm.arm(atBootMicroseconds: timeline.boot(at: wake))
            } else {
                try alarm.disarm()
            }
        } catch {
            // Started anew by whoever watches over it; the kernel's timeouts hold meanwhile.
            note(AuditEntry(.agentStopped, "The agent stops: its alarm cannot be set: \(error)"))
            exit(EX_OSERR)
        }
    }

    // MARK: the kernel's own timeouts

    /// Whether the kernel's own timeouts are off the deadlines: it counts them by a clock that stands
    /// still in sleep, and time was set.
    var areTimeoutsOff: Bool {
        (timeline.offset - kernelOffset).magnitude > Self.leastChange || hasSlept
    }

    /// Whether the machine was suspended since the kernel's timeouts were last right.
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

/// Time that is held ahead of the wall clock.
extension Gatekeeper {
    /// How far, in seconds, and since which record; `nil` if time is not held.
    var heldTime: AgentStatus.HeldTime? {
        var timeline = timeline
        _ = timeline.read(.now())
        guard timeline.isHeld else { return nil }
        let now = timeline.closing.microseconds
        return AgentStatus.HeldTime(
            seconds: Int(timeline.lead.components.seconds),
            time: Moment(microseconds: now - now % 1_000_000).description,
            since: trail.ledger.clock.reachedIn.map(Int.init(clamping:))
        )
    }

    /// Ends what is live and takes the wall clock's word, which is behind.
    ///
    /// Nothing that was open gets more time by it, since nothing is.
    func acceptClock(by peer: PeerCredentials) throws(ControlFault) -> AcceptClockReply {
        settle()
        guard timeline.isHeld else { throw .clockNotHeld }
        guard tenure.deadline == nil else {
            throw .failed("a policy is on trial: confirm it, or wait until its time is over")
        }
        let actor: [AuditField: [String]] = [.actor: ["uid:\(peer.userID)"]]
        let ids = (timetable.all.map(\.id) + unseen).sorted()
        revocations.append(PendingRevocation(ids: ids, reason: .clock, fields: actor, file: nil))
        settle()
        try requireAllEnded()
        _ = read()
        let moment = Moment(microseconds: lastReading.wallMicroseconds)
        do throws(RecordingError) {
            try goBack(to: moment, "The wall clock's word was taken: time goes on there", actor)
        } catch {
            throw .failed("it cannot be recorded, so time is held as before: \(error)")
        }
        // Files that were refused for a time that is not so.
        rescan()
        return AcceptClockReply(time: moment.description, ended: ids.map(\.description))
    }

    private func requireAllEnded() throws(ControlFault) {
        if let gateProblem { throw .failed("the kernel did not take it: \(gateProblem)") }
        if trail.isWaiting {
            throw .failed("the ends of grants cannot be recorded: \(trail.problem ?? "")")
        }
        guard timetable.all.isEmpty, unseen.isEmpty else {
            throw .failed("some grants are still live: jitgate list; try again")
        }
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
    var wallOffset: Int64 { wallMicroseconds - bootMicroseconds }
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
