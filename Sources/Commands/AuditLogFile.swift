import Configuration
import Linux
import SystemPackage

/// The lines of the audit log, one after the other, however long it is.
enum AuditLogFile {
    static func path(_ configuration: Configuration) -> String {
        "\(configuration.auditDirectory)/audit.jsonl"
    }

    /// Calls `body` with each whole line, without its line feed; a torn last one is left out.
    static func forEachLine(_ path: String, _ body: ([UInt8]) throws -> Void) throws {
        let file = try FileDescriptor.open(path, .readOnly, options: .closeOnExec)
        let descriptor = OwnedDescriptor(adopting: file.rawValue)
        var pending: [UInt8] = []
        while true {
            let chunk = try descriptor.readChunk(65_536)
            guard !chunk.isEmpty else { return }
            pending += chunk
            var start = 0
            while let end = pending[start...].firstIndex(of: UInt8(ascii: "\n")) {
                try body(Array(pending[start..<end]))
                start = end + 1
            }
            pending.removeFirst(start)
        }
    }
}
