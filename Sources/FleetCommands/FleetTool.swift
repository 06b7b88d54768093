import ArgumentParser
import CommandSupport
import Glibc
import Grants

/// `jitgate-fleet` as a process.
package enum FleetTool {
    /// Runs the process's own command line and ends the process.
    package static func main() -> Never {
        let words = Array(CommandLine.arguments.dropFirst())
        exit(ParsedCommand(words, of: FleetRoot.self).run(on: .system()).rawValue)
    }
}

struct FleetRoot: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "jitgate-fleet",
        abstract: "Reach the hosts of a fleet by its depot, or by a hub.",
        discussion: """
            A depot is a tree of signed files on a web server, in an S3-compatible store or in a \
            directory. jitgate-fetch brings them from there to the hosts. Nothing that this program \
            posts opens a port by itself: each host checks the signatures. A hub is a depot that also \
            collects requests and approvals.

              jitgate-fleet post g.grant --depot https://depot.example.com/jitgate
              jitgate-fleet status --inventory hosts
              jitgate-fleet ssh --hub https://hub.example.com web-1

            `jitgate fleet post …` does the same.
            """,
        version: Release.version,
        groupedSubcommands: [
            CommandGroup(
                name: "Grants:",
                subcommands: [PostCommand.self, WithdrawCommand.self, BulletinCommand.self]
            ),
            CommandGroup(
                name: "A hub:",
                subcommands: [
                    LoginCommand.self, AskCommand.self, SSHCommand.self, RequestsCommand.self,
                    ApproveCommand.self, DenyCommand.self, WithdrawRequestCommand.self,
                    RobotCommand.self, CheckTicketCommand.self, CheckOnCallCommand.self,
                    CheckCICommand.self,
                ]
            ),
            CommandGroup(
                name: "Hosts:",
                subcommands: [
                    StatusCommand.self, ListCommand.self, CheckCommand.self, CollectCommand.self,
                    ReportCommand.self, NotifyCommand.self,
                ]
            ),
        ]
    )
}
