import Auditing
import Grants
import Linux
import Recording

/// The audit log on disk and the memory made of it, kept equal.
///
/// Every record goes to the file first, then into the ledger. Records of what has already happened (a close, a refusal) may have to wait for a disk
/// that takes them; a record that must come before the deed is appended by `append` or not at all.
struct AuditTrail: ~Copyable {
    private var file: RecordFile
    private let host: HostFacts
    private(set) var ledger: Ledger
    /// What happened and is not on disk yet, oldest first.
    private var unwritten: [AuditEntry] = []
    /// Records that are on disk and that nobody was told of yet.
    private var published: [Record] = []
    /// Why the disk did not take the last append; `nil` when it did.
    private(set) var problem: String?

    /// Opens the log and reads what it adds up to.
    init(path: String, host: HostFacts) throws(AgentError) {
        var opened = try Self.open(path)
        let read = try Self.replay(&opened, path)
        file = opened
        ledger = read
        self.host = host
    }

    private static func open(_ path: String) throws(AgentError) -> RecordFile {
        do {
            return try RecordFile(path: path)
        } catch {
            throw AgentError(error.description)
        }
    }

    private static func replay(
        _ file: inout RecordFile,
        _ path: String
    ) throws(AgentError) -> Ledger {
        var ledger = Ledger()
        var failure: RecordError?
        do {
            try file.read { line in
                guard failure == nil else { return }
                do throws(RecordError) {
                    try ledger.take(Record(parsing: line))
                } catch {
                    failure = error
                }
            }
        } catch {
            throw AgentError(error.description)
        }
        if let failure {
            throw AgentError("\(path), record \(ledger.nextSequence): \(failure)")
        }
        return ledger
    }

    /// Appends records of what is about to happen, in one write and one fsync.
    ///
    /// When it returns they are on disk. When it throws none of them is, and nothing was forgotten
    /// that had been waiting.
    mutating func append(_ entries: [AuditEntry], at reading: ClockReading) throws(RecordingError) {
        let waiting = unwritten + entries
        guard !waiting.isEmpty else { return }
        var records: [Record] = []
        for entry in waiting {
            let sequence = ledger.nextSequence + UInt64(records.count)
            records.append(Record(sequence: sequence, stamp: stamp(reading), entry: entry))
        }
        do {
            try file.append(records.map(\.line))
        } catch {
            problem = error.description
            throw error
        }
        problem = nil
        unwritten = []
        publish(records)
    }

    /// Records what has happened; if the disk does not take it now it waits for the next append.
    mutating func note(_ entries: [AuditEntry], at reading: ClockReading) {
        do {
            try append(entries, at: reading)
        } catch {
            unwritten += entries
        }
    }

    /// Whether something that happened is not on disk yet.
    var isWaiting: Bool { !unwritten.isEmpty }

    /// The records that reached the disk since the last call.
    mutating func takePublished() -> [Record] {
        defer { published = [] }
        return published
    }

    /// The refused file is gone; should it come back, that is worth a record again.
    mutating func forgetRefusal(of file: String) {
        ledger.forgetRefusal(of: file)
    }

    private mutating func publish(_ records: [Record]) {
        published += records
        for record in records {
            do {
                try ledger.take(record)
            } catch {
                problem = "\(error)"
            }
        }
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
