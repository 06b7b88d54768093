package import Auditing
import Grants
import Linux
import SystemPackage
import Transparency

/// The whole log on disk: records, tree, checkpoint, evidence and snapshot, kept consistent.
///
/// An append writes all lines at once; syncs them (fdatasync), which makes the records and the
/// evidence inside them durable; and writes the leaf hashes. Copies of the evidence follow later,
/// by `keepEvidence`; so does the state that the next start reads, by `beginSaving`. `sign` then
/// writes the checkpoint to a temporary file and renames it: that is as slow as another flush on
/// some file systems, and no opening waits for it.
package struct AuditLog: ~Copyable {
    let directory: LogDirectory
    var state: StateDirectory
    package var rotation: RotationRule {
        didSet { lookForExpired(at: logState.clock.opening) }
    }
    var segment: CurrentSegment
    var signedTree: SignedTree
    package internal(set) var logState: LogState
    /// The number of records that no snapshot includes.
    var sinceSnapshot: Int
    /// True if some segments may be older than the retention.
    var mayPrune = false
    var isSaving = false
    /// The machine of the log and its key, if it is another one than this: nothing is signed then.
    package internal(set) var foreignMachine: String?
    /// The evidence that has no copy yet.
    var uncopied: [EvidenceFile] = []
    var archiving = Archiving()
    /// The failures of the work after an append, whose records are on disk all the same.
    var failures: [MaintenanceTask: String] = [:]

    /// The signed checkpoint over all records that are on disk.
    package var checkpoint: String { signedTree.checkpoint }

    /// Opens the log, or begins one, repairs what a crash left, and signs the records on disk.
    ///
    /// A full disk does not prevent it: the owner of the log can still close what is open.
    package static func open(
        _ places: LogPlaces,
        rotation: RotationRule
    ) throws(RecordingError) -> AuditLog {
        var log = try AuditLog(reading: places, rotation: rotation)
        if log.foreignMachine == nil { try log.signedTree.publishKey() }
        log.sign()
        log.archiveIfDue()
        log.state.removeArchives(notOf: log.logState, isMerging: false)
        log.lookForExpired(at: log.logState.clock.opening)
        return log
    }

    private init(reading places: LogPlaces, rotation: RotationRule) throws(RecordingError) {
        let directory = LogDirectory(places.log)
        var state = StateDirectory(places.state)
        try state.prepare()
        var leaves = try LeafFile(path: directory.leaves)
        var file = try RecordFile(path: directory.current)
        let key = try state.key(named: places.origin)
        var replay = try LogReplay(directory, state)
        try leaves.resize(to: replay.tree.size)
        if let signed = SignedTree.signedCheckpoint(directory, key) { replay.expect(signed) }
        try replay.run(directory, &leaves, &state, &file)
        let current = try CurrentSegment(
            directory,
            file,
            from: replay.segment,
            lastLength: replay.lastLength
        )
        self.directory = directory
        self.state = state
        self.rotation = rotation
        segment = current
        signedTree = SignedTree(directory, key, replay.tree, leaves, lastLeaf: replay.lastLeaf)
        logState = replay.logState
        sinceSnapshot = replay.taken
        uncopied = replay.uncopied
        foreignMachine = Self.foreignMachine(logState, key, on: places.machineID)
    }

    /// Forgets the refusal of a deleted file; if the file comes back, it is worth a record again.
    package mutating func forgetRefusal(of file: String) {
        logState.forgetRefusal(of: file)
    }

    /// Appends records, signs them and does all work that is due.
    package mutating func append(_ records: [Record]) throws(RecordingError) {
        try write(records)
        sign()
        keepEvidence(atMost: .max)
        if isSavingDue { save() }
    }

    /// Appends records whose numbers follow the last one's, without a checkpoint over them.
    ///
    /// On return they are on disk; on an error none of them is.
    package mutating func write(_ records: [Record]) throws(RecordingError) {
        guard let first = records.first else { return }
        rotateIfDue(before: first)
        let lines = records.map(\.line)
        try segment.append(records, lines)
        uncopied += records.flatMap(\.entry.evidenceFiles)
        take(records, lines)
    }

    /// Applies records that are on disk to the state, which can be rebuilt from them.
    private mutating func take(_ records: [Record], _ lines: [[UInt8]]) {
        signedTree.append(lines)
        sinceSnapshot += records.count
        do throws(RecordError) {
            for record in records { try logState.take(record) }
        } catch {
            failures[.memory] = error.description
        }
        archiveIfDue()
    }

    /// Writes a checkpoint over all records since the last one.
    package mutating func sign() {
        guard foreignMachine == nil else { return }
        do throws(RecordingError) {
            try signedTree.sign()
            failures[.checkpoint] = nil
        } catch {
            failures[.checkpoint] = error.description
        }
    }
}
