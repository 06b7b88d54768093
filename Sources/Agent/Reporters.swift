import AgentInterface
import Auditing
import Conditions
import Grants
import Linux
import Recording
import Varlink

/// Tells others about events: subscribers of records, the journal, the service manager.
final class Reporters {
    private let notifier: ServiceNotifier
    private var journal: JournalCopy
    private var subscribers = RecordSubscribers()
    private var isReady = false
    /// True while callers are heard: the last thing that makes the agent ready.
    private var isListening = false
    /// The status that the service manager was told; it hears only news.
    private var status = ""

    private let conditions: HostConditions

    init(_ notifier: ServiceNotifier, _ journal: JournalCopy, _ conditions: HostConditions) {
        self.notifier = notifier
        self.journal = journal
        self.conditions = conditions
    }

    /// Sends every record to `call` from here on.
    func add(_ call: PendingCall<WatchReply>) { subscribers.add(call) }

    /// Tells of records, each of which is on disk.
    func publish(_ records: [Record]) {
        subscribers.send(records)
        let reading = ClockReading.now()
        journal.publish(records, at: reading.bootMicroseconds)
        noteJournal(at: reading)
    }

    func journalIsDue() {
        let reading = ClockReading.now()
        journal.timePassed(at: reading.bootMicroseconds)
        noteJournal(at: reading)
    }

    private func noteJournal(at reading: ClockReading) {
        let condition = journal.failure.map {
            AuditConditions.journalRefuses($0.count, log: $0.log, because: "\($0.error)")
        }
        conditions.set(.journalRefuses, condition, at: reading)
    }

    func stopJournal() { journal.stop(at: ClockReading.now().bootMicroseconds) }

    // MARK: the service manager

    /// Begins to answer callers.
    func announce() { isListening = true }

    /// `works` says that the table stands: with that and callers heard the agent is ready.
    func tell(_ news: String, works: Bool) {
        let becomesReady = works && isListening && !isReady
        guard becomesReady || news != status else { return }
        status = news
        if becomesReady {
            isReady = true
            notifier.send(.ready, .status(news))
        } else {
            notifier.send(.status(news))
        }
    }

    func stopping() { notifier.send(.stopping) }

    /// Lets the service manager know that the queue still runs.
    func beat() { notifier.send(.watchdog) }

    /// Runs `load` and tells that the policy is being loaded meanwhile.
    func reloading<Value, Failure: Error>(
        _ load: () throws(Failure) -> Value
    ) throws(Failure) -> Value {
        guard isReady else { return try load() }
        notifier.send(.reloading(monotonicMicroseconds: ClockReading.monotonicMicroseconds()))
        defer { notifier.send(.ready) }
        return try load()
    }
}
