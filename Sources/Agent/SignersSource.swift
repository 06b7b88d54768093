import AgentSettings
import Linux
import Signatures

/// The allowed signers, with the text that they were read from.
struct SignersSource: Sendable {
    let signers: AllowedSigners
    let text: [UInt8]
    /// The state of the file that they were read from; `nil` for `nobody`.
    let file: FileIdentity?

    /// No signers at all, for a start at which no file could ever be read.
    static let nobody = Self()

    private init() {
        signers = AllowedSigners()
        text = []
        file = nil
    }

    /// Reads the file at `path`.
    init(readingFrom path: String) throws(AgentError) {
        var scan = TrustedFile()
        do {
            let content = try scan.read(path, limit: Configuration.fileLimit)
            signers = try AllowedSigners(parsing: content.bytes)
            text = content.bytes
            file = content.identity
        } catch let error as AllowedSignersError {
            throw AgentError("\(path): \(error)")
        } catch {
            throw AgentError("\(error)")
        }
    }
}

/// The keys that count no more, with the bytes that they were read from.
struct RevokedKeysSource: Sendable {
    let keys: RevokedKeys
    let bytes: [UInt8]
    /// The state of the file that it was read from; `nil` without a file.
    let file: FileIdentity?

    /// Revokes nothing: policy names no file.
    static let none = Self(RevokedKeys())

    /// Revokes everything: the file that policy names could never be read.
    static func unreadable(_ reason: String) -> Self {
        Self(RevokedKeys(unreadableBecause: reason))
    }

    private init(_ keys: RevokedKeys) {
        self.keys = keys
        bytes = []
        file = nil
    }

    /// Reads the file at `path`.
    init(readingFrom path: String) throws(AgentError) {
        var scan = TrustedFile()
        do {
            let content = try scan.read(path, limit: Configuration.revokedKeysLimit)
            keys = try RevokedKeys(parsing: content.bytes)
            bytes = content.bytes
            file = content.identity
        } catch let error as RevokedKeysError {
            throw AgentError("\(path): \(error)")
        } catch {
            throw AgentError("\(error)")
        }
    }
}
