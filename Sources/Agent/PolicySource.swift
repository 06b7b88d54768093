import AgentSettings
import Linux
import Recording
import Signatures

/// A policy with the text that it was read from.
struct PolicySource: Sendable {
    /// The most that a policy file may hold, in bytes; more is refused by its own message.
    private static let fileLimit = 1 << 20

    let configuration: Configuration
    let text: String
    /// The SHA-256 of the text, in hex.
    let digest: String

    /// Reads the policy file at `path`.
    init(readingFrom path: String) throws(AgentError) {
        var scan = TrustedFile()
        do {
            try self.init(scan.read(path, limit: Self.fileLimit).bytes, file: path)
        } catch {
            throw AgentError(policy: "\(error)")
        }
    }

    /// Takes a policy as a record of the log holds it.
    init(recorded text: String) throws(AgentError) {
        do {
            try self.init(Array(text.utf8), file: "recorded policy")
        } catch {
            throw AgentError("\(error)")
        }
    }

    private init(_ bytes: [UInt8], file: String) throws {
        configuration = try Configuration(parsing: bytes, file: file)
        text = String(decoding: bytes, as: UTF8.self)
        digest = FileDigest.sha256(of: bytes)
    }
}

extension RotationRule {
    init(_ configuration: Configuration) {
        self.init(
            size: configuration.segmentSize,
            age: configuration.segmentAge,
            retention: configuration.retention
        )
    }
}
