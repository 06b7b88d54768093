import ArgumentParser
import CommandSupport
import Grants
import StrictJSON

struct ReviewCommand: JitgateCommand {
    static let configuration = CommandConfiguration(
        commandName: "review",
        abstract: "Write the review of a break-glass grant, for somebody to sign.",
        discussion: """
            A grant that was let in on an alarm is the condition break-glass until somebody who is \
            neither its requestor nor one of its signers has reviewed it. The line of the key in \
            allowed_signers names the namespace jitgate-review.

              jitgate list                               shows those that wait for a review
              jitgate review 0b8a2f6e-5c1d-4f0e-9a43-2f1f6f0c7d11 \\
                --reason 'database down, INC-4211' -o review.json
              jitgate sign review.json
              sudo jitgate submit review.grant
            """
    )

    @Argument(
        help: ArgumentHelp("The id of the break-glass grant.", valueName: "id"),
        transform: GrantID.init(parsing:)
    )
    var id: GrantID

    @Option(help: ArgumentHelp("What was found.", valueName: "text"))
    var reason: String

    @Option(help: ArgumentHelp("justified or unjustified.", valueName: "outcome"))
    var outcome = "justified"

    @Option(
        help: ArgumentHelp("A host that it is for (default: all).", valueName: "host"),
        transform: HostPattern.init(parsing:)
    )
    var host: [HostPattern] = []

    @Option(name: .shortAndLong, help: RequestFile.help, completion: .file())
    var output = "-"

    @OptionGroup var format: FormatOptions

    func validate() throws {
        guard Review.Outcome(rawValue: outcome) != nil else {
            throw ValidationError("--outcome is justified or unjustified")
        }
    }

    func perform(on console: Console) throws(CommandFailure) {
        let review = Review(
            grant: id,
            hosts: host.isEmpty ? [.name("*")] : host,
            outcome: Review.Outcome(rawValue: outcome) ?? .justified,
            reason: reason
        )
        let payload = review.payload()
        do throws(GrantSyntaxError) {
            _ = try Review(parsing: payload)
        } catch {
            throw CommandFailure(.usage, "\(error.field): \(error.reason)")
        }
        try GrantFile.write(payload, to: output, on: console)
        guard output != "-" else { return }
        if format.json {
            console.print(json: ["id": .string(id.description), "file": .string(output)])
        } else {
            console.note("wrote \(output); next: jitgate sign \(output)")
        }
    }
}
