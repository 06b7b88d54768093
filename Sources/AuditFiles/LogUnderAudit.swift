import Auditing
package import CommandSupport
import Linux
package import Recording
import SystemPackage
package import Transparency
package import Verifying

/// A log as an auditor has it: its files, the key that it is held to, and a checkpoint by that key.
package struct LogUnderAudit: Sendable {
    package let directory: LogDirectory
    /// The directory of its evidence; `nil` if that is not at hand.
    package let state: StateDirectory?
    package let key: VerifierKey
    /// True if nobody named the key, so that it is the one beside the log.
    package let isOwnKey: Bool
    /// The number of the oldest record that must be here.
    package let first: UInt64
    private let isPruned: Bool

    /// The place of a log, and what tells if its oldest records may be gone.
    package struct Places: Sendable {
        package let log: String
        package let state: String
        package let isPruned: Bool

        package init(log: String, state: String, isPruned: Bool) {
            (self.log, self.state, self.isPruned) = (log, state, isPruned)
        }
    }

    /// A log that is held to a key, or to the one beside it; its evidence must be at hand if
    /// `needsState`.
    package init(
        at places: Places,
        heldTo key: VerifierKey?,
        needsState: Bool
    ) throws(CommandFailure) {
        directory = LogDirectory(places.log)
        let state = StateDirectory(places.state)
        self.state = FileAccess.exists(state.evidence) ? state : nil
        guard self.state != nil || !needsState else {
            if FileAccess.isReadingDenied(state.evidence) {
                throw CommandFailure(.noPermission, "\(state.evidence): you may not read it")
            }
            throw CommandFailure(
                .noInput,
                "\(state.evidence): there is no such directory",
                hints: ["without --state the evidence in the records is checked alone"]
            )
        }
        self.key = if let key { key } else { try Self.verifierKey(beside: directory) }
        isOwnKey = key == nil
        isPruned = places.isPruned
        first = try Self.oldest(of: directory, isPruned: isPruned)
        guard first <= Checkpoint.sizeLimit else {
            throw CommandFailure(.no, "\(directory.path): no log has a record \(first)")
        }
    }

    /// Reads the key that lies beside the log; anyone who can replace the log can replace it.
    package static func verifierKey(
        beside directory: LogDirectory
    ) throws(CommandFailure) -> VerifierKey {
        let bytes = try GrantFile.read(directory.publicKey, limit: 4096, awaiting: false)
        let text = String(decoding: bytes.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
        do throws(ProofError) {
            return try VerifierKey(parsing: text)
        } catch {
            throw CommandFailure(.no, "\(directory.publicKey): \(error)")
        }
    }

    /// The number of the oldest record that must be here by now.
    package func oldest() throws(CommandFailure) -> UInt64 {
        try Self.oldest(of: directory, isPruned: isPruned)
    }

    private static func oldest(
        of directory: LogDirectory,
        isPruned: Bool
    ) throws(CommandFailure) -> UInt64 {
        isPruned ? try oldestHere(in: directory) : 0
    }

    /// The number of the oldest record that is here.
    package func oldestHere() throws(CommandFailure) -> UInt64 {
        try Self.oldestHere(in: directory)
    }

    private static func oldestHere(in directory: LogDirectory) throws(CommandFailure) -> UInt64 {
        let segments = try attempt { () throws(RecordingError) in try directory.segments() }
        if let oldest = segments.first { return oldest.first }
        return (try? LogDirectory.firstRecord(of: directory.current))?.sequence ?? 0
    }

    /// The signed checkpoint, and its note.
    package func checkpoint() throws(CommandFailure) -> LogVerification.Signed {
        try Self.checkpoint(directory.checkpoint, by: key, awaiting: false)
    }

    package static func checkpoint(
        _ path: String,
        by key: VerifierKey,
        awaiting: Bool = true
    ) throws(CommandFailure) -> LogVerification.Signed {
        let bytes = try GrantFile.read(path, limit: 1 << 16, awaiting: awaiting)
        do throws(ProofError) {
            let checkpoint = try Checkpoint(parsing: bytes, signedBy: key)
            return .init(checkpoint, note: String(decoding: bytes, as: UTF8.self))
        } catch {
            throw CommandFailure(.no, "\(path): \(error)")
        }
    }

    /// Says so if the leaves may not be read: that is no flaw of theirs.
    func requireReadableLeaves() throws(CommandFailure) {
        guard FileAccess.isReadingDenied(directory.leaves) else { return }
        throw CommandFailure(
            .noPermission,
            "\(directory.leaves): you may not read it",
            hints: ["try sudo"]
        )
    }

    /// The leaves that the log keeps, and why they are of no use, if they are not.
    package func leaves(signedBy checkpoint: Checkpoint) -> (MerkleLeaves?, problem: String?) {
        let size = Int(checkpoint.size)
        let hashes: [TreeHash]
        do throws(RecordingError) {
            hashes = try LeafFile.read(directory.leaves, atMost: size)
        } catch {
            return (nil, error.description)
        }
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
    package func forEachLine(_ line: (ArraySlice<UInt8>) -> Bool) throws(CommandFailure) {
        var passage = try passage()
        try read(&passage, line)
    }

    /// Its lines from the first on.
    func passage() throws(CommandFailure) -> LogReader {
        let directory = directory
        return try Self.attempt { () throws(RecordingError) in try LogReader(directory) }
    }

    /// Hands over the lines that come next, until `line` says no.
    func read(
        _ passage: inout LogReader,
        _ line: (ArraySlice<UInt8>) -> Bool
    ) throws(CommandFailure) {
        do throws(RecordingError) {
            try passage.read(line)
        } catch {
            guard error.errno == .noSuchFileOrDirectory, error.path != directory.current else {
                throw Self.failure(error)
            }
            throw CommandFailure(
                .temporary,
                "\(error.path): the agent removed it meanwhile, as `audit.retention` has it",
                hints: ["try again"]
            )
        }
    }

    static func attempt<Value: ~Copyable>(
        _ call: () throws(RecordingError) -> Value
    ) throws(CommandFailure) -> Value {
        do throws(RecordingError) {
            return try call()
        } catch {
            throw failure(error)
        }
    }

    private static func failure(_ error: RecordingError) -> CommandFailure {
        switch error.errno {
        case .permissionDenied:
            CommandFailure(.noPermission, error.description, hints: ["try sudo"])
        case .noSuchFileOrDirectory: CommandFailure(.noInput, error.description)
        case nil: CommandFailure(.no, error.description)
        default: CommandFailure(.inputOutput, error.description)
        }
    }
}
