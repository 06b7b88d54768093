import Auditing
import Conditions
import AgentSettings
import Grants
import Linux
import Recording
import Transparency

/// The audit log on disk and the memory made of it, kept equal.
///
/// Records of what has already happened (a close, a refusal) may have to wait for a disk that takes
/// them; a record that must come before the deed is appended by `append` or not at all.
final class AuditWriter {
    private(set) var log: AuditLog
    /// The facts about the host that its records carry.
    var host: HostFacts
    /// Records that wait until the kernel has carried out what they tell.
    private var held: [AuditEntry] = []
    /// Events that are not on disk yet, oldest first.
    private var unwritten: [(entry: AuditEntry, reading: ClockReading)] = []
    /// Records that are on disk, for subscribers and for metrics.
    private(set) var published: PublishedRecords
    /// The failure of the last append, for which openings wait; `nil` if it succeeded.
    private(set) var failure: RecordingError?
    private let directory: String
    private let conditions: HostConditions

    /// Opens the log and reads the state that it adds up to.
    init(
        _ configuration: Configuration,
        host: HostFacts,
        _ conditions: HostConditions
    ) throws(AgentError) {
        let places = LogPlaces(
            log: configuration.auditDirectory,
            state: configuration.stateDirectory,
            origin: Self.origin(configuration, host),
            machineID: host.machineID ?? ""
        )
        do {
            log = try AuditLog.open(places, rotation: RotationRule(configuration))
        } catch {
            throw AgentError(error.description)
        }
        self.host = host
        published = PublishedRecords(since: .now())
        directory = configuration.auditDirectory
        self.conditions = conditions
        noteMachine()
    }

    private func noteMachine() {
        conditions.set(.hostCloned, foreignMachine.map(AuditConditions.hostCloned(from:)))
    }

    /// The name that a log begins with on this host, and a new key.
    private static func origin(_ configuration: Configuration, _ host: HostFacts) -> String {
        AuditKey.origin(
            hostname: configuration.hostname ?? host.hostname,
            machineID: host.machineID ?? ""
        )
    }

    /// The machine that log and key are of, if it is another one than this.
    var foreignMachine: String? { log.foreignMachine }

    /// Continues the log under a new key of this host's, which a record by `actor` names.
    func rekey(
        _ configuration: Configuration,
        by actor: String,
        at reading: ClockReading
    ) throws(RecordingError) -> VerifierKey? {
        // What waits for the disk comes first.
        try append([], at: reading)
        let (sequence, stamp) = (logState.nextSequence, stamp(reading))
        var made: (key: VerifierKey, record: Record)?
        try log.rekey(named: Self.origin(configuration, host)) { key, root in
            let entry = AuditEntry(
                .auditRekeyed,
                "The log goes on under a key of this machine's own",
                fields: [.key: ["\(key)"], .root: [root.base64], .actor: [actor]]
            )
            let record = Record(sequence: sequence, stamp: stamp, entry: entry)
            made = (key, record)
            return record
        }
        guard let made else { return nil }
        published.add([made.record])
        noteMachine()
        return made.key
    }

    var logState: LogState { log.logState }
    /// The signed checkpoint over all records that are on disk.
    var checkpoint: String { log.checkpoint }
    /// The key that signs it; `nil` if log and key are another machine's.
    var signingKey: AuditKey? { log.signingKey }
    /// Applies the policy's rule for when the log goes on in a new file.
    func rotate(by configuration: Configuration) {
        log.rotation = RotationRule(configuration)
    }

    /// Saves the log state for the next start, which reads more without it.
    func save() {
        log.save()
    }

    /// Begins that, if it is due; `end` is to be called with its result.
    func beginSaving() -> SnapshotJob? {
        guard log.isSavingDue else { return nil }
        do throws(RecordingError) {
            return try log.beginSaving()
        } catch {
            log.noteUnsaved(error)
            noteUpkeep()
            return nil
        }
    }

    func end(_ saving: SnapshotJob, _ result: Result<Void, RecordingError>) {
        log.end(saving, result)
        noteUpkeep()
    }

    /// Notes failures of the work that follows records.
    private func noteUpkeep() {
        let condition = log.problem.map { AuditConditions.logUpkeepFailed(directory, because: $0) }
        conditions.set(.logUpkeepFailed, condition, at: .now())
    }

    /// Appends records of coming events, in one write and one fsync.
    ///
    /// When it returns they are on disk. When it throws none of them is, and nothing was forgotten
    /// that had been waiting.
    func append(_ entries: [AuditEntry], at reading: ClockReading) throws(RecordingError) {
        do throws(RecordingError) {
            try write(entries, at: reading)
        } catch {
            note(failure: error, at: reading)
            throw error
        }
    }

    private func note(failure error: RecordingError?, at reading: ClockReading) {
        guard error != nil || failure != nil else { return }
        failure = error
        let condition = error.map { AuditConditions.logFull(directory, because: $0.description) }
        conditions.set(.logFull, condition, at: reading)
    }

    private func write(_ entries: [AuditEntry], at reading: ClockReading) throws(RecordingError) {
        let waiting = unwritten + entries.map { ($0, reading) }
        guard !waiting.isEmpty else { return }
        var records: [Record] = []
        for (entry, reading) in waiting {
            let sequence = logState.nextSequence + UInt64(records.count)
            records.append(Record(sequence: sequence, stamp: stamp(reading), entry: entry))
        }
        try log.write(records)
        note(failure: nil, at: reading)
        unwritten = []
        published.add(records)
    }

    /// Records events; if the disk does not take them now, they wait for the next append.
    func note(_ entries: [AuditEntry], at reading: ClockReading) {
        do {
            try append(entries, at: reading)
        } catch {
            unwritten += entries.map { ($0, reading) }
        }
    }

    func note(_ entry: AuditEntry) { note([entry], at: .now()) }

    /// Keeps records of ends until the kernel has carried them out.
    func hold(_ entries: [AuditEntry]) { held += entries }

    /// Records the held entries: many at once share one fsync.
    func releaseHeld(at reading: ClockReading) {
        note(held, at: reading)
        held = []
    }

    /// Offers records that may be missing, as of strangers; `false` if the disk does not take them.
    ///
    /// It never waits for the disk, so that no record of a grant has to wait with it.
    func offer(_ entries: [AuditEntry], at reading: ClockReading) -> Bool {
        guard !entries.isEmpty else { return true }
        guard !isWaiting else { return false }
        do {
            try write(entries, at: reading)
            return true
        } catch {
            return false
        }
    }

    /// True while an event is not on disk yet.
    var isWaiting: Bool { !unwritten.isEmpty }

    /// The SHA-256 of a review that waits for the disk.
    func unwrittenReview(of id: GrantID) -> String? {
        unwritten.map(\.entry)
            .first { $0.event == .reviewAccepted && $0[.grant] == id.description }?[.review]
    }

    /// True while evidence waits to be copied out of the records, or archives to be merged.
    var hasUpkeep: Bool { log.hasUncopiedEvidence || log.hasMergeableArchives }

    /// Does a portion of that: `count` files at most.
    func doUpkeep(atMost count: Int) {
        log.keepEvidence(atMost: count)
        log.mergeArchives()
        noteUpkeep()
    }

    /// The records that reached the disk since the last call, under a checkpoint.
    func takePublished() -> [Record] {
        log.sign()
        noteUpkeep()
        return published.take()
    }

    /// Returns true if this refusal of a file is on record, or will be.
    func knows(refusal entry: AuditEntry) -> Bool {
        logState.knows(refusal: entry) || unwritten.contains { $0.entry.refuses(as: entry) }
    }

    /// Forgets a refusal whose file is gone; should the file come back, that is worth a record.
    func forgetRefusal(of file: String) {
        log.forgetRefusal(of: file)
    }

    /// The bytes of the log that a record would take.
    func size(of entry: AuditEntry, at reading: ClockReading) -> Int {
        Record(sequence: logState.nextSequence, stamp: stamp(reading), entry: entry).line.count
    }

    private func stamp(_ reading: ClockReading) -> RecordStamp {
        RecordStamp(
            realtime: Moment(microseconds: reading.wallMicroseconds),
            boot: reading.bootMicroseconds,
            bootID: host.bootID,
            machineID: host.machineID ?? "",
            hostname: host.hostname
        )
    }
}
