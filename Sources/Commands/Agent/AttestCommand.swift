import AgentInterface
import ArgumentParser
import CommandSupport
import StrictJSON

struct AttestCommand: JitgateCommand {
    static let configuration = CommandConfiguration(
        commandName: "attest",
        abstract: "Print the status of this host, signed by the key of its audit log.",
        discussion: """
            The note says how the host is, what is open until when, and which records the log has. \
            Whoever has the host's key (`jitgate audit key`) can verify it elsewhere. With --from, \
            print instead the proof that the log at these numbers of records is the beginning of \
            the log now. docs/PROTOCOL.fleet has both formats.

              jitgate attest >web-1.status
              jitgate attest --from 1234 >web-1.proof
            """
    )

    @Option(
        parsing: .singleValue,
        help: ArgumentHelp("A number of records that the log had.", valueName: "size")
    )
    var from: [Int64] = []

    @OptionGroup var format: FormatOptions
    @OptionGroup var policy: PolicyOptions

    func validate() throws {
        guard from.allSatisfy({ $0 >= 0 }), from.count <= ProveParameters.limit else {
            throw ValidationError("--from takes numbers of records, at most 1,024 of them")
        }
    }

    func perform(on console: Console) throws(CommandFailure) {
        let session = try policy.session(console)
        let (name, text) = try from.isEmpty ? note(session) : proof(session)
        if format.json {
            console.print(json: .object([.init(name, .string(text))]))
        } else {
            console.write(Array(text.utf8))
        }
    }

    private func note(_ session: AgentSession) throws(CommandFailure) -> (String, String) {
        ("note", try session.ask(AgentInterface.attest).note ?? "")
    }

    private func proof(_ session: AgentSession) throws(CommandFailure) -> (String, String) {
        let sizes = ProveParameters(sizes: Set(from).sorted())
        return ("proof", try session.ask(AgentInterface.prove, sizes).proof)
    }
}
