import ArgumentParser

struct AuditCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit",
        abstract: "Read the audit log, and prove it.",
        subcommands: [
            AuditShowCommand.self, AuditReportCommand.self, AuditVerifyCommand.self,
            AuditProveCommand.self,
            AuditVerifyProofCommand.self, AuditKeyCommand.self,
            AuditRekeyCommand.self,
        ]
    )
}
