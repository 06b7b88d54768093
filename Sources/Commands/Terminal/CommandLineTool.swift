package import CommandSupport
import Glibc

/// `jitgate` as a process.
package enum CommandLineTool {
    /// Runs the process's own command line and ends the process.
    package static func main() -> Never {
        let command = ParsedCommand(Array(CommandLine.arguments.dropFirst()))
        exit(command.run(on: .system()).rawValue)
    }
}

extension ParsedCommand {
    /// The meaning of words after `jitgate`.
    package init(_ arguments: [String]) {
        self.init(SentRequest.expanded(arguments), of: RootCommand.self)
    }
}
