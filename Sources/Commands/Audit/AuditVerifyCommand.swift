import ArgumentParser
import AuditFiles
import Auditing
import CommandSupport
import StrictJSON

struct AuditVerifyCommand: JitgateCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Check that nothing of the log was changed, and every signature in it.",
        discussion: """
            Tree, checkpoint, evidence, and each signature as of its record's time; that each \
            opening is what was signed, and that the policy of then let it in. Says where the log \
            was edited, cut, swapped or extended. An agent may write meanwhile: its last lines \
            have two seconds to be signed. What an agent that was killed did not sign is shown as \
            signed by no checkpoint until it starts again and signs it.

              sudo jitgate audit verify
              sudo jitgate audit verify --since-checkpoint checkpoint-of-january
              jitgate audit verify --log copy/log --state copy/state --key "$VKEY"
            """
    )

    @Option(
        help: ArgumentHelp(
            "A checkpoint that you hold: today's log must begin with what it signs.",
            valueName: "file"
        ),
        completion: .file()
    )
    var sinceCheckpoint: String?

    @OptionGroup var options: AuditLogOptions
    @OptionGroup var format: FormatOptions

    func perform(on console: Console) throws(CommandFailure) {
        var audit = try finding(.checkpoint, console) { () throws(CommandFailure) in
            try AuditPass(options.log(console), holding: sinceCheckpoint)
        }
        try finding(.malformed, console) { () throws(CommandFailure) in
            try audit.run(on: console)
        }
        if format.json {
            console.print(json: audit.json)
        } else {
            for line in audit.lines(console) { console.print(line) }
        }
        if !audit.isVerified { throw .alreadyReported }
    }

    /// Reports a failure that prevents further checks as a flaw, for scripts.
    private func finding<Value>(
        _ kind: LogFlaw.Kind,
        _ console: Console,
        _ step: () throws(CommandFailure) -> Value
    ) throws(CommandFailure) -> Value {
        do throws(CommandFailure) {
            return try step()
        } catch {
            guard format.json, [.no, .noInput].contains(error.status) else { throw error }
            let flaw = AuditPass.json(LogFlaw(kind, error.message))
            console.print(json: ["verified": false, "flaws": .array([flaw])])
            // A missing file may be the caller's mistake.
            throw error.status == .no ? .alreadyReported : error
        }
    }
}
