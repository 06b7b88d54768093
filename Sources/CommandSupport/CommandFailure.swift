/// The end of a command, as scripts see it; beyond 2 the numbers of sysexits.h.
package enum ExitStatus: Int32, Sendable, CaseIterable {
    case done = 0
    /// Refused, not found, not verified.
    case no = 1
    case usage = 2
    /// A file that was named cannot be read.
    case noInput = 66
    /// The agent or the depot cannot be reached.
    case unavailable = 69
    case cannotCreate = 73
    case inputOutput = 74
    /// Not now, perhaps later.
    case temporary = 75
    case noPermission = 77
    case configuration = 78
}

/// The reason why a command failed, for people and for scripts.
package struct CommandFailure: Error, Hashable, Sendable {
    package let status: ExitStatus
    /// One lower-case clause; with more lines each stands for itself.
    package let message: String
    /// Remedies, each a line.
    package let hints: [String]

    package init(_ status: ExitStatus, _ message: String, hints: [String] = []) {
        self.status = status
        self.message = message
        self.hints = hints
    }

    /// The whole result is already on the standard output.
    package static let alreadyReported = CommandFailure(.no, "")
}
