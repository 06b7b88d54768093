import ArgumentParser
import CommandSupport
import Grants

struct RequestRevocationCommand: JitgateCommand {
    static let configuration = CommandConfiguration(
        commandName: "request-revocation",
        abstract: "Write a revocation to be signed: of grants, people, keys or networks.",
        discussion: """
            `jitgate sign` signs it under jitgate-revocation if it names grants by their ids alone, \
            and else under jitgate-lockout. A requestor signs one of their own grants with \
            --as-requestor.

              jitgate request-revocation --requestor dana@example.com --until 7d \\
                --host '*' --reason 'left the company' -o r.json
              jitgate sign r.json
              sudo jitgate submit r.grant
            """
    )

    @OptionGroup var target: SelectionOptions

    @Option(help: ArgumentHelp("Why; goes into the audit log.", valueName: "text"))
    var reason: String

    @OptionGroup var file: FileToSignOptions
    @OptionGroup var format: FormatOptions
    @OptionGroup var policy: PolicyOptions

    func perform(on console: Console) throws(CommandFailure) {
        let until = try target.end(on: console)
        var generator = SystemRandomNumberGenerator()
        let revocation = Revocation(
            id: .random(using: &generator),
            hosts: try file.hosts(or: policy, on: console),
            reason: reason,
            selection: target.selection,
            until: until
        )
        try file.writer(format, policy).write(revocation, on: console)
    }
}
