import Grants
package import Logging
import SystemPackage

/// Writes each message as a line of `key=value` to the standard error, as systemd's journal takes it.
package struct LineLogHandler: LogHandler {
    package var metadata: Logger.Metadata = [:]
    package var logLevel: Logger.Level = .info
    private let write: @Sendable ([UInt8]) -> Void

    package init() {
        write = { line in _ = try? FileDescriptor.standardError.writeAll(line) }
    }

    init(write: @escaping @Sendable ([UInt8]) -> Void) {
        self.write = write
    }

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
        // The framework's own lines come with an id of the call, which is of no use outside of it.
        let all = metadata.merging(event.metadata ?? [:]) { _, new in new }
            .filter { $0.key != "hb.request.id" }
        let pairs = all.sorted { $0.key < $1.key }.map { "\($0.key)=\(Self.quoted("\($0.value)"))" }
        let head = "<\(Self.priority(event.level))>level=\(event.level)"
        let words = [head, "message=\(Self.quoted(event.message.description))"] + pairs
        write(Array((words.joined(separator: " ") + "\n").utf8))
    }

    /// A value as it is, or in quotes where it has blanks, quotes or characters that do not show.
    private static func quoted(_ text: String) -> String {
        let isPlain = text.utf8.allSatisfy {
            (0x21...0x7E).contains($0) && $0 != 0x22 && $0 != 0x3D
        }
        return isPlain && !text.isEmpty ? text : text.debugDescription
    }

    /// The level as sd-daemon(3) has it.
    private static func priority(_ level: Logger.Level) -> Int {
        switch level {
        case .trace, .debug: 7
        case .info: 6
        case .notice: 5
        case .warning: 4
        case .error: 3
        case .critical: 2
        }
    }
}
