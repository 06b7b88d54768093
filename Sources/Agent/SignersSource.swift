import Linux
import Signatures

/// Who may sign, with the text that it was read from.
struct SignersSource: Sendable {
    /// The most that an allowed_signers file may hold, in bytes.
    private static let fileLimit = 1 << 20

    let signers: AllowedSigners
    let text: [UInt8]
    /// Which state of the file it was read from; `nil` if it is nobody.
    let file: FileIdentity?

    /// What holds where no file could ever be read.
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
            let content = try scan.read(path, limit: Self.fileLimit)
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
