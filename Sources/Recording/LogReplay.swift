import Auditing
import Linux
import SystemPackage
import Transparency

/// Rebuilds the state of a log, from a snapshot that matches it or from its first record.
struct LogReplay {
    /// The number of records read before the files derived from them are written.
    private static let batch = 4096
    /// The number of ended grants kept in memory before they are archived.
    private static let archiveSize = 32_768
    /// The most bytes of evidence that wait until the agent has time; more is copied at once.
    private static let uncopiedLimit = 16 << 20

    private(set) var logState = LogState()
    private(set) var tree = MerkleTree()
    /// The segment being read; `start` is the byte at which the reading begins.
    private(set) var segment: UInt64 = 0
    private(set) var start: Int64 = 0
    /// The length of the last line read.
    private(set) var lastLength: Int64 = 0
    private(set) var lastLeaf = TreeHash.empty
    /// The number of records read, without those known from the snapshot.
    private(set) var taken = 0
    private var hashes: [TreeHash] = []
    private var files: [EvidenceFile] = []
    /// The evidence that waits to be copied, or that the disk refused.
    private(set) var uncopied: [EvidenceFile] = []
    private var evidenceSize = 0
    private var failure: String?
    private var signed: Checkpoint?

    /// Begins at the end of the newest matching snapshot, or else at the beginning of the log.
    init(_ directory: LogDirectory, _ state: StateDirectory) throws(RecordingError) {
        let segments = try directory.segments()
        for path in state.snapshots {
            guard let snapshot = state.snapshot(at: path), Self.fits(snapshot, directory, segments)
            else { continue }
            logState = snapshot.logState
            tree = snapshot.tree
            segment = snapshot.position.segment
            start = snapshot.position.offset
            lastLength = snapshot.position.lastLength
            lastLeaf = snapshot.lastLeaf
            return
        }
        var first = segments.first?.first
        if first == nil { first = try LogDirectory.firstRecord(of: directory.current)?.sequence }
        if let first, first > 0 {
            let problem = "it begins with record \(first), and no snapshot in \(state.path) fits it"
            throw RecordingError(directory.path, problem)
        }
    }

    /// Returns whether the log has the snapshot's last line at the place that the snapshot names.
    private static func fits(
        _ snapshot: LogSnapshot,
        _ directory: LogDirectory,
        _ segments: [LogSegment]
    ) -> Bool {
        let position = snapshot.position
        let path = segments.first { $0.first == position.segment }?.path ?? directory.current
        guard let found = try? LogDirectory.firstRecord(of: path)?.sequence else {
            return position.offset == 0
        }
        let start = position.offset - position.lastLength
        guard found == position.segment, position.offset > 0 else {
            return found == position.segment
        }
        guard start >= 0, var lines = try? LineReader(path: path, from: start) else { return false }
        var leaf: TreeHash?
        try? lines.read { line in
            leaf = .leaf(line)
            return false
        }
        return leaf == snapshot.lastLeaf && lines.offset == position.offset
    }

    /// Compares the root with that of a signed checkpoint once the tree has its size.
    mutating func expect(_ checkpoint: Checkpoint) {
        signed = checkpoint
        compare()
    }

    /// Reads the files of the log from the starting point; repairs the end of the newest.
    mutating func run(
        _ directory: LogDirectory,
        _ leaves: inout LeafFile,
        _ state: inout StateDirectory,
        _ file: inout RecordFile
    ) throws(RecordingError) {
        let segments = try directory.segments().filter { $0.first >= segment }
        for item in segments {
            if item.first != segment { begin(segment: item.first) }
            var lines = try LineReader(path: item.path, from: start)
            try lines.read { take($0, &leaves, &state) }
            if failure == nil, try lines.hasTornEnd() {
                failure = "record \(logState.nextSequence): it has no end, in \(item.path)"
            }
        }
        if !segments.isEmpty { begin(segment: logState.nextSequence) }
        try file.read(from: start) { _ = take($0, &leaves, &state) }
        flush(&leaves, &state)
        try check(directory)
    }

    /// Begins to read another file.
    private mutating func begin(segment first: UInt64) {
        if first != logState.nextSequence, failure == nil {
            failure = "record \(logState.nextSequence) is missing: a segment begins with \(first)"
        }
        segment = first
        start = 0
        lastLength = 0
    }

    /// - Returns: whether reading can continue.
    private mutating func take(
        _ line: ArraySlice<UInt8>,
        _ leaves: inout LeafFile,
        _ state: inout StateDirectory
    ) -> Bool {
        take(line)
        if hashes.count >= Self.batch { flush(&leaves, &state) }
        return failure == nil
    }

    private mutating func take(_ line: ArraySlice<UInt8>) {
        guard failure == nil else { return }
        do throws(RecordError) {
            let record = try Record(parsing: line)
            try logState.take(record)
            files += record.entry.evidenceFiles
        } catch {
            failure = "record \(logState.nextSequence): \(error)"
            return
        }
        lastLeaf = .leaf(line)
        lastLength = Int64(line.count) + 1
        tree.append(lastLeaf)
        hashes.append(lastLeaf)
        taken += 1
        compare()
    }

    private mutating func compare() {
        guard failure == nil, let signed, signed.size == tree.size else { return }
        guard signed.root == tree.root else {
            failure = "the first \(signed.size) records are not those of the signed checkpoint"
            return
        }
        self.signed = nil
    }

    /// Writes the leaves and the evidence of the records read.
    private mutating func flush(_ leaves: inout LeafFile, _ state: inout StateDirectory) {
        leaves.append(hashes)
        hashes.removeAll(keepingCapacity: true)
        for file in files {
            evidenceSize += file.bytes.count
            let mayWait = evidenceSize <= Self.uncopiedLimit
            if mayWait || (try? state.keep(file)) == nil { uncopied.append(file) }
        }
        files.removeAll(keepingCapacity: true)
        if logState.ended.recentCount >= Self.archiveSize {
            // Without room on the disk they stay in memory.
            try? state.archive(&logState)
        }
    }

    /// Reports the faults of the log after all of it was read.
    private func check(_ directory: LogDirectory) throws(RecordingError) {
        if let failure { throw RecordingError(directory.path, failure) }
        guard let signed, signed.size > tree.size else { return }
        throw RecordingError(
            directory.path,
            "it ends before record \(tree.size), and the checkpoint is signed over \(signed.size);"
                + " `jitgate audit verify` says more"
        )
    }
}
