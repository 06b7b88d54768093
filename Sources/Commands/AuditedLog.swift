import Auditing
import Linux
import Recording
import SystemPackage

/// A log as an auditor has it: its files, the key that it is held to, and what that key signed.
struct AuditedLog {
    let directory: LogDirectory
    /// Where its evidence is; `nil` if it is not at hand.
    let state: StateDirectory?
    let key: VerifierKey
    let segments: [LogSegment]
    /// The number of the oldest record that must be here.
    let first: UInt64

    /// Every file with records, oldest first.
    var files: [String] { segments.map(\.path) + [directory.current] }

    init(_ options: AuditLogOptions, on console: Console) throws(CommandFailure) {
        let places = try options.places(console)
        directory = LogDirectory(places.log)
        let state = StateDirectory(places.state)
        self.state = GrantFile.exists(state.evidence) ? state : nil
        key = try options.verifierKey(directory)
        let directory = directory
        segments = try Self.attempt { () throws(RecordingError) in try directory.segments() }
        let oldest = segments.first?.path ?? directory.current
        let found = segments.first?.first ?? (try? LogDirectory.firstRecord(of: oldest))?.sequence
        first = places.isPruned ? found ?? 0 : 0
    }

    /// The signed checkpoint, and the note that says so.
    func checkpoint() throws(CommandFailure) -> (Checkpoint, note: String) {
        try Self.checkpoint(directory.checkpoint, by: key)
    }

    static func checkpoint(
        _ path: String,
        by key: VerifierKey
    ) throws(CommandFailure) -> (Checkpoint, note: String) {
        let bytes = try GrantFile.read(path, limit: 1 << 16)
        do throws(ProofError) {
            let checkpoint = try Checkpoint(parsing: bytes, signedBy: key)
            return (checkpoint, String(decoding: bytes, as: UTF8.self))
        } catch {
            throw CommandFailure(.no, "\(path): \(error)")
        }
    }

    /// The leaves that the log keeps, and why they are of no use, if they are not.
    func leaves(signedBy checkpoint: Checkpoint) -> (MerkleLeaves?, problem: String?) {
        let hashes: [TreeHash]
        do throws(RecordingError) {
            hashes = try LeafFile.read(directory.leaves)
        } catch {
            return (nil, error.description)
        }
        let size = Int(checkpoint.size)
        guard hashes.count >= size else {
            return (nil, "\(directory.leaves): it holds \(hashes.count) leaves, not \(size)")
        }
        let leaves = MerkleLeaves(hashes)
        guard leaves.root(of: size) == checkpoint.root else {
            return (nil, "\(directory.leaves): it does not add up to the checkpoint")
        }
        return (leaves, nil)
    }

    /// Hands over every line in order, until `line` says no.
    func forEachLine(_ line: (ArraySlice<UInt8>) -> Bool) throws(CommandFailure) {
        var goesOn = true
        for path in files where goesOn {
            try Self.attempt { () throws(RecordingError) in
                var lines = try LogLines(path: path)
                try lines.read {
                    goesOn = line($0)
                    return goesOn
                }
            }
        }
    }

    static func attempt<Value>(
        _ call: () throws(RecordingError) -> Value
    ) throws(CommandFailure) -> Value {
        do throws(RecordingError) {
            return try call()
        } catch {
            switch error.errno {
            case .permissionDenied:
                throw CommandFailure(.noPermission, error.description, hints: ["try sudo"])
            case .noSuchFileOrDirectory: throw CommandFailure(.noInput, error.description)
            case nil: throw CommandFailure(.no, error.description)
            default: throw CommandFailure(.inputOutput, error.description)
            }
        }
    }
}
