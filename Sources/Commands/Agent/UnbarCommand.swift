import AgentInterface
import ArgumentParser
import CommandSupport
import Grants

struct UnbarCommand: JitgateCommand {
    static let configuration = CommandConfiguration(
        commandName: "unbar",
        abstract: "End revocations with --until before their time.",
        discussion: """
            Grants that they kept from opening may open again; files in the drop directories that were \
            refused for them are read again. With --output a file is written instead, to be signed by \
            as many people as the strictest port asks for.

              jitgate list --bars
              sudo jitgate unbar 0b8a2f6e-5c1d-4f0e-9a43-2f1f6f0c7d11 --reason found
              jitgate unbar ID --reason 'found again' --host 'web-*' -o u.json
            """
    )

    @Argument(
        help: ArgumentHelp("The ids of bars.", valueName: "id"),
        transform: GrantID.init(parsing:)
    )
    var ids: [GrantID]

    @Option(help: ArgumentHelp("Why; goes into the audit log.", valueName: "text"))
    var reason: String

    @OptionGroup var file: FileToSignOptions
    @OptionGroup var format: FormatOptions
    @OptionGroup var policy: PolicyOptions

    func validate() throws {
        guard !ids.isEmpty else {
            throw ValidationError("name the ids of bars: jitgate list --bars")
        }
        guard file.host.isEmpty || file.output != nil else {
            throw ValidationError("--host belongs to --output")
        }
    }

    func perform(on console: Console) throws(CommandFailure) {
        if file.output != nil {
            let hosts = try file.hosts(or: policy, on: console)
            let unbar = Unbar(ids: ids, hosts: hosts, reason: reason)
            return try file.writer(format, policy).write(unbar, on: console)
        }
        let session = try policy.session(console)
        let left = try session.ask(AgentInterface.unbar, UnbarParameters(ids, reason: reason))
        guard !format.json else { return console.print(json: left.jsonValue) }
        for id in ids { console.print("ended \(id)") }
    }
}

/// Bars as people read them.
struct BarLines {
    let bars: [BarEntry]

    var lines: [String] {
        var table = Table(header: ["ID", "UNTIL", "WHAT", "BY", "WHY"])
        for bar in bars {
            table.add([
                bar.id.description, bar.until.wholeSecond.description, bar.selects,
                bar.actors.joined(separator: ","), bar.reason,
            ])
        }
        return table.lines
    }
}
