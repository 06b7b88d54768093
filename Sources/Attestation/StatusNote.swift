package import Transparency

/// The status of a host together with its log's checkpoint, signed (docs/PROTOCOL.fleet, section 1).
///
/// Only `init(parsing:signedBy:)` makes one from bytes: nothing unsigned is read.
package struct StatusNote: Hashable, Sendable {
    /// The longest note, in bytes.
    package static let limit = 72 << 10
    private static let header = "jitgate status/1 "

    /// The origin of the log, which is the name of the key.
    package let origin: String
    package let status: HostStatus
    package let checkpoint: SignedCheckpoint

    /// Reads a note by this key.
    package init(parsing bytes: [UInt8], signedBy key: VerifierKey) throws(StatusError) {
        do throws(ProofError) {
            let note = try SignedNote(parsing: bytes, limit: Self.limit)
            let parts = try Self.parts(of: note.text)
            guard parts.origin == key.name else {
                throw ProofError("it is of another host: \(parts.origin), not \(key.name)")
            }
            try note.verify(by: key)
            checkpoint = try SignedCheckpoint(parsing: parts.checkpoint, signedBy: key)
            origin = parts.origin
            status = try Self.status(parts.line)
        } catch {
            throw StatusError(error.description)
        }
    }

    /// The name of the key that a note says it is signed by, which is not verified.
    package static func claimedOrigin(of bytes: [UInt8]) -> String? {
        guard let note = try? SignedNote(parsing: bytes, limit: limit) else { return nil }
        return try? parts(of: note.text).origin
    }

    private static func parts(
        of text: String
    ) throws(ProofError) -> (origin: String, line: [UInt8], checkpoint: String) {
        let lines = text.utf8.split(
            separator: UInt8(ascii: "\n"),
            maxSplits: 2,
            omittingEmptySubsequences: false
        )
        let first = lines.first.map { String(decoding: $0, as: UTF8.self) } ?? ""
        guard lines.count == 3, first.hasPrefix(header) else {
            throw ProofError("the first line is not: \(header)ORIGIN")
        }
        let rest = String(decoding: lines[2], as: UTF8.self)
        return (String(first.dropFirst(header.count)), Array(lines[1]), rest)
    }

    private static func status(_ line: [UInt8]) throws(ProofError) -> HostStatus {
        do throws(StatusError) {
            return try HostStatus(parsing: line)
        } catch {
            throw ProofError("the status: \(error)")
        }
    }

    /// The signed note over a status and the signed checkpoint of the log whose key this is.
    package static func sign(
        _ status: HostStatus,
        over checkpoint: String,
        by key: AuditKey
    ) throws(ProofError) -> String {
        let line = String(decoding: status.encoded(), as: UTF8.self)
        return try key.sign("\(header)\(key.name)\n\(line)\n\(checkpoint)")
    }
}

/// A checkpoint that was verified, with its signed note.
package struct SignedCheckpoint: Hashable, Sendable {
    package let checkpoint: Checkpoint
    package let note: String

    package init(parsing note: String, signedBy key: VerifierKey) throws(ProofError) {
        do throws(ProofError) {
            checkpoint = try Checkpoint(parsing: Array(note.utf8), signedBy: key)
        } catch {
            throw ProofError("the checkpoint: \(error)")
        }
        self.note = note
    }

    /// A checkpoint that was verified before it was kept.
    init(trusting note: String) throws(ProofError) {
        checkpoint = try Checkpoint(parsing: try SignedNote(parsing: Array(note.utf8)).text)
        self.note = note
    }

    /// The checkpoint of a proof that was verified.
    init(_ growth: ProvedGrowth) {
        (checkpoint, note) = (growth.checkpoint, growth.note)
    }
}
