import AgentSettings
import Recording

/// The lines of the audit log, one after the other, however long it is.
enum AuditLogFile {
    static func path(_ configuration: Configuration) -> String {
        LogDirectory(configuration.auditDirectory).current
    }

    /// Calls `body` with each whole line of the log whose newest file is at `path`, oldest first,
    /// without its line feed; a torn last one is left out.
    static func forEachLine(_ path: String, _ body: ([UInt8]) throws -> Void) throws {
        let folder = path.split(separator: "/", omittingEmptySubsequences: false).dropLast()
        var failure: (any Error)?
        var lines = try LogReader(LogDirectory(folder.joined(separator: "/")))
        try lines.read { line in
            do {
                try body(Array(line))
                return true
            } catch {
                failure = error
                return false
            }
        }
        if let failure { throw failure }
    }
}
