import Linux
import StrictJSON
import SystemPackage

/// Messages on standard error, which the service manager takes to the journal.
struct FetchLog: Sendable {
    /// A priority of syslog(3).
    enum Priority: Int {
        case error = 3
        case warning = 4
        case notice = 5
        case info = 6
    }

    /// True if lines carry priorities as in sd-daemon(3), and not the name of the program.
    private let isJournal: Bool

    init() {
        isJournal = ProcessEnvironment.variables()["JOURNAL_STREAM"] != nil
    }

    func write(_ priority: Priority, _ text: String) {
        let prefix = isJournal ? "<\(priority.rawValue)>" : "jitgate-fetch: "
        let line = prefix + TerminalText.safe(text) + "\n"
        _ = try? FileDescriptor.standardError.writeAll(line.utf8)
    }
}
