import ArgumentParser

struct AuditCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit",
        abstract: "Read the audit log.",
        subcommands: [AuditShowCommand.self, AuditReportCommand.self]
    )
}
