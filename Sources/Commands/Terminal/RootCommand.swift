import AgentInterface
import ArgumentParser
import Grants

struct RootCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "jitgate",
        abstract: "Open a server's management ports for a while, by a signed grant.",
        discussion: """
            A grant names who comes in, from where, to which port and for how long. An approver \
            signs it with an SSH key; the agent on the server opens the port and closes it again.

              jitgate request --host web-1 --port 22/tcp --source my --for 2h \\
                --reason 'disk full' -o g.json
              jitgate sign g.json
              sudo jitgate submit g.grant

            Exit status: 0 done; 1 no (refused, not found, not verified); 2 usage; else as in \
            sysexits.h: 66 no input, 69 agent not reachable, 77 no permission, 78 bad policy.
            """,
        version: Release.version,
        groupedSubcommands: [
            CommandGroup(
                name: "To begin with:",
                subcommands: [InitCommand.self, EnableCommand.self]
            ),
            CommandGroup(
                name: "Grants:",
                subcommands: [
                    RequestCommand.self, SignCommand.self, VerifyCommand.self, SubmitCommand.self,
                    ExtendCommand.self, MoveCommand.self, RevokeCommand.self,
                    RequestRevocationCommand.self, UnbarCommand.self, ReviewCommand.self,
                    PasskeyCommand.self,
                ]
            ),
            CommandGroup(
                name: "The agent:",
                subcommands: [
                    StatusCommand.self, ListCommand.self, WatchCommand.self, ExplainCommand.self,
                    TryCommand.self, ConfirmCommand.self, ReloadCommand.self, ClockCommand.self,
                    AttestCommand.self, MetricsCommand.self,
                ]
            ),
            CommandGroup(
                name: "A hub:",
                subcommands: [
                    LoginCommand.self, RequestsCommand.self, ApproveCommand.self, DenyCommand.self,
                    WithdrawCommand.self, SSHCommand.self,
                ]
            ),
            CommandGroup(name: "A fleet:", subcommands: [FleetCommand.self]),
            CommandGroup(
                name: "Policy and records:",
                subcommands: [PolicyCommand.self, AuditCommand.self, DoctorCommand.self]
            ),
        ]
    )
}
