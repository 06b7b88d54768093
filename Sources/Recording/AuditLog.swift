package import Auditing
import Glibc
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
    /// The location and the name of a log.
    package struct Places: Hashable, Sendable {
        package let log: String
        package let state: String
        /// The name that the log gets when it begins (docs/PROTOCOL.audit, section 6).
        package let origin: String
        /// The id of the machine; empty if the machine has no id.
        package let machineID: String

        package init(log: String, state: String, origin: String, machineID: String = "") {
            self.log = log
            self.state = state
            self.origin = origin
            self.machineID = machineID
        }
    }

    let directory: LogDirectory
    var state: StateDirectory
    package var rotation: RotationRule {
        didSet { lookForExpired(at: logState.clock.opening) }
    }
    var key: AuditKey
    var file: RecordFile
    var leaves: LeafFile
    package internal(set) var logState: LogState
    private(set) var tree: MerkleTree
    /// The number of the first record in the newest file; `began` is the time of that record.
    var segment: UInt64
    var began: Moment?
    private(set) var lastLength: Int64
    private(set) var lastLeaf: TreeHash
    /// The number of records that no snapshot includes.
    var sinceSnapshot: Int
    /// True if some segments may be older than the retention.
    var mayPrune = false
    var isSaving = false
    var isUnsigned = true
    /// The machine of the log and its key, if it is another one than this: nothing is signed then.
    package internal(set) var foreignMachine: String?
    /// The evidence that has no copy yet.
    var uncopied: [EvidenceFile] = []
    var archiving = Archiving()
    /// The failures of the work after an append, whose records are on disk all the same.
    var failures: [MaintenanceTask: String] = [:]
    /// The signed checkpoint over all records that are on disk.
    package private(set) var checkpoint = ""

    /// Opens the log, or begins one, repairs what a crash left, and signs the records on disk.
    ///
    /// A full disk does not prevent it: the owner of the log can still close what is open.
    package static func open(
        _ places: Places,
        rotation: RotationRule
    ) throws(RecordingError) -> AuditLog {
        var log = try AuditLog(reading: places, rotation: rotation)
        if log.foreignMachine == nil { try log.publishKey() }
        log.sign()
        log.archiveIfDue()
        log.state.removeArchives(notOf: log.logState, isMerging: false)
        log.lookForExpired(at: log.logState.clock.opening)
        return log
    }

    private init(reading places: Places, rotation: RotationRule) throws(RecordingError) {
        let directory = LogDirectory(places.log)
        var state = StateDirectory(places.state)
        try state.prepare()
        var leaves = try LeafFile(path: directory.leaves)
        var file = try RecordFile(path: directory.current)
        let key = try state.key(named: places.origin)
        var replay = try LogReplay(directory, state)
        try leaves.resize(to: replay.tree.size)
        if let signed = Self.signedCheckpoint(directory, key) { replay.expect(signed) }
        try replay.run(directory, &leaves, &state, &file)
        let first = try LogDirectory.firstRecord(of: directory.current)
        self.directory = directory
        self.state = state
        self.rotation = rotation
        self.key = key
        self.file = file
        self.leaves = leaves
        logState = replay.logState
        tree = replay.tree
        segment = replay.segment
        began = first?.stamp.realtime
        lastLength = replay.lastLength
        lastLeaf = replay.lastLeaf
        sinceSnapshot = replay.taken
        uncopied = replay.uncopied
        foreignMachine = Self.foreignMachine(logState, key, on: places.machineID)
    }

    /// The last signed checkpoint; `nil` if a power cut left no whole file.
    private static func signedCheckpoint(_ directory: LogDirectory, _ key: AuditKey) -> Checkpoint?
    {
        guard let bytes = try? SmallFile.read(directory.checkpoint, limit: 1 << 16) else {
            return nil
        }
        return try? Checkpoint(parsing: bytes, signedBy: key.publicKey)
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
        try file.append(lines)
        uncopied += records.flatMap(\.entry.evidenceFiles)
        take(records, lines)
    }

    /// Applies records that are on disk to the state, which can be rebuilt from them.
    private mutating func take(_ records: [Record], _ lines: [[UInt8]]) {
        var hashes: [TreeHash] = []
        for line in lines {
            lastLeaf = .leaf(line.dropLast())
            lastLength = Int64(line.count)
            tree.append(lastLeaf)
            hashes.append(lastLeaf)
        }
        leaves.append(hashes)
        began = began ?? records.first?.stamp.realtime
        isUnsigned = true
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
        guard isUnsigned, foreignMachine == nil else { return }
        do throws(RecordingError) {
            try publish()
            isUnsigned = false
            failures[.checkpoint] = nil
        } catch {
            failures[.checkpoint] = error.description
        }
    }

    /// Signs the records on disk.
    private mutating func publish() throws(RecordingError) {
        let (key, tree) = (key, tree)
        checkpoint = try RecordingError.reading(directory.checkpoint) { () throws(ProofError) in
            try key.checkpoint(over: tree)
        }
        try Self.put(checkpoint, directory.checkpoint)
    }

    /// Publishes the key's public half beside the log.
    func publishKey() throws(RecordingError) {
        let text = "\(key.publicKey)\n"
        let known = try? SmallFile.read(directory.publicKey, limit: 4096)
        if known != Array(text.utf8) { try Self.put(text, directory.publicKey) }
    }

    private static func put(_ text: String, _ path: String) throws(RecordingError) {
        try RecordingError.attempt("write", path) { () throws(Errno) in
            try UnsyncedFile.replace(path, with: Array(text.utf8), mode: 0o640)
        }
    }

    /// Switches to a new file, which has no record yet.
    mutating func beginSegment(_ new: consuming RecordFile) {
        file = new
        segment = tree.size
        began = nil
        lastLength = 0
    }
}
