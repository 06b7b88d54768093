import AgentInterface
import ArgumentParser
import CommandSupport
import Grants

struct ListCommand: JitgateCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List the grants that are open, wait or drain, with the time left and their use.",
        discussion: """
            A break-glass grant that nobody has reviewed stays in the list after its end.

              jitgate list
              jitgate list --all                      those that ended too
              jitgate list --bars                     revocations in force until a time
              jitgate list --json | jq '.grants[] | select(.seconds_left < 600)'
            """
    )

    @Flag(help: "Grants that ended too.")
    var all = false

    @Flag(
        help: "Revocations that keep grants from opening and revoked keys, instead of grants."
    )
    var bars = false

    @OptionGroup var format: FormatOptions
    @OptionGroup var policy: PolicyOptions

    func perform(on console: Console) throws(CommandFailure) {
        let session = try policy.session(console)
        guard !bars else { return try listBars(session, on: console) }
        let list = try session.ask(AgentInterface.list, ListParameters(all: all))
        guard !format.json else { return console.print(json: list.jsonValue) }
        let grants = list.grants
        guard !grants.isEmpty else { return console.note("no grants") }
        GrantTable(grants: grants).lines.forEach(console.print)
    }

    private func listBars(
        _ session: AgentSession,
        on console: Console
    ) throws(CommandFailure) {
        let list = try session.ask(AgentInterface.bars)
        guard !format.json else { return console.print(json: list.jsonValue) }
        guard !list.bars.isEmpty || !list.keys.isEmpty else { return console.note("no bars") }
        BarLines(list: list).lines.forEach(console.print)
    }
}

/// Grants as people read them.
struct GrantTable {
    let grants: [GrantEntry]

    var lines: [String] {
        var table = Table(
            header: ["ID", "STATE", "LEFT", "WHO", "FROM", "TO", "USE", "SIGNED BY", "WHY"]
        )
        for grant in grants {
            table.add([
                grant.id.description, state(of: grant), left(grant), grant.requestor,
                grant.sources.map(\.description).joined(separator: ","),
                grant.ports.map(\.description).joined(separator: ","),
                use(grant), grant.signers.joined(separator: ","),
                why(grant),
            ])
        }
        return table.lines
    }

    private func state(of grant: GrantEntry) -> String {
        if let obstacle = grant.waitsFor { return "\(grant.state.rawValue) for a \(obstacle)" }
        guard let mark = grant.breakGlass else { return grant.state.rawValue }
        return "\(grant.state.rawValue), break-glass \(mark.rawValue)"
    }

    private func why(_ grant: GrantEntry) -> String {
        let texts = [grant.ticket, grant.justification].compactMap(\.self).filter { !$0.isEmpty }
        return texts.isEmpty ? "-" : texts.joined(separator: ": ")
    }

    private func left(_ grant: GrantEntry) -> String {
        grant.state == .ended ? "-" : DisplayText.span(seconds: grant.secondsLeft)
    }

    private func use(_ grant: GrantEntry) -> String {
        if let sessions = grant.sessions { return sessions.counting("session") }
        guard let traffic = grant.traffic else { return "-" }
        return "\(traffic.connections) conn, \(traffic.bytes.sizeText)"
    }
}
