import Admission
import Auditing
import Configuration
import Control
import Grants
import Linux
import Recording
import Scheduling

/// What the service manager was told of the agent; it hears only what is new.
struct ServiceReport: Sendable {
    let notifier: ServiceNotifier
    private var isReady = false
    private var status = ""

    init(_ notifier: ServiceNotifier) {
        self.notifier = notifier
    }

    /// `works` says that the table stands and callers are heard: with that the agent is ready.
    mutating func tell(_ news: String, works: Bool) {
        let becomesReady = works && !isReady
        guard becomesReady || news != status else { return }
        status = news
        if becomesReady {
            isReady = true
            notifier.send(.ready, .status(news))
        } else {
            notifier.send(.status(news))
        }
    }

    /// Runs `load` and tells that the policy is being loaded meanwhile.
    func reloading<Value, Failure: Error>(
        _ load: () throws(Failure) -> Value
    ) throws(Failure) -> Value {
        guard isReady else { return try load() }
        let now = ClockReading.monotonicMicroseconds()
        notifier.send(.reloading(monotonicMicroseconds: now))
        defer { notifier.send(.ready) }
        return try load()
    }
}

extension Gatekeeper {
    /// Tells those who wait what has become known; every record told of is on disk.
    func report() {
        let records = trail.takePublished()
        watchers.send(records)
        journal.publish(records, at: ClockReading.now().bootMicroseconds)
        postVerdicts()
        for (replier, verdict) in board.takeAnswers() { replier.finish(verdict) }
        reportToService()
        tidy()
    }

    /// Callers are heard from now on.
    func announce() {
        isListening = true
        reportToService()
    }

    /// Ends what the agent does; the gate goes on without it.
    func stop() {
        service.notifier.send(.stopping)
        noteLeftOut()
        note(AuditEntry(.agentStopped, "The agent stops; the gate stays as it is"))
        report()
        journal.stop(at: ClockReading.now().bootMicroseconds)
        save()
        reportToService()
    }

    func reportToService() {
        service.tell(summary, works: isListening && gateProblem == nil)
    }

    /// Lets the service manager know that the queue still runs.
    func beat() {
        service.notifier.send(.watchdog)
    }

    /// One line for people, which changes only when something happens.
    private var summary: String {
        let mode = rulebook.configuration.policy.mode.rawValue
        let count = timetable.openCount
        var text =
            "\(mode): \(count == 0 ? "no grant" : count.counting("grant")) open"
        if let next = timetable.nextDeadline { text += ", the next deadline is \(next)" }
        if let problem = problems.first { text += "; problem: \(problem)" }
        return text
    }
}
