import AgentInterface
import ArgumentParser
import CommandSupport
import Grants

struct UnbarCommand: JitgateCommand {
    static let configuration = CommandConfiguration(
        commandName: "unbar",
        abstract: "End revocations with --until before their time, or those of keys by bulletins.",
        discussion: """
            Grants that they kept from opening may open again; files in the drop directories that were \
            refused for them are read again. With --output a file is written instead, to be signed by \
            as many people as the strictest port asks for.

            Keys that a bulletin of the fleet revoked do not count until root lifts that here. A bulletin \
            that is issued later and still names the key revokes it again: drop it there first \
            (jitgate-fleet bulletin --drop-key).

              jitgate list --bars
              sudo jitgate unbar --key SHA256:kQ2…  --reason 'no theft after all'
              sudo jitgate unbar 0b8a2f6e-5c1d-4f0e-9a43-2f1f6f0c7d11 --reason found
              jitgate unbar ID --reason 'found again' --host 'web-*' -o u.json
            """
    )

    @Argument(
        help: ArgumentHelp("The ids of bars.", valueName: "id"),
        transform: GrantID.init(parsing:)
    )
    var ids: [GrantID] = []

    @Option(
        help: ArgumentHelp(
            "A key that a bulletin revoked, by its fingerprint.",
            valueName: "fingerprint"
        ),
        transform: RevocationSelection.fingerprint
    )
    var key: [String] = []

    @Option(help: ArgumentHelp("Why; goes into the audit log.", valueName: "text"))
    var reason: String

    @OptionGroup var file: FileToSignOptions
    @OptionGroup var format: FormatOptions
    @OptionGroup var policy: PolicyOptions

    func validate() throws {
        guard !ids.isEmpty || !key.isEmpty else {
            throw ValidationError("name the ids of bars, or keys: jitgate list --bars")
        }
        guard key.isEmpty || file.output == nil else {
            throw ValidationError(
                "--output is about bars: root alone lifts the revocation of a key"
            )
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
        let left = try session.ask(AgentInterface.unbar, parameters)
        guard !format.json else { return console.print(json: left.jsonValue) }
        for id in ids { console.print("ended \(id)") }
        for key in key { console.print("lifted \(key)") }
    }

    private var parameters: UnbarParameters {
        UnbarParameters(ids, keys: key, reason: reason)
    }
}

/// Bars, and keys that bulletins revoked, as people read them.
struct BarLines {
    let list: BarList

    var lines: [String] {
        let (bars, keys) = (list.bars.isEmpty ? [] : barLines, list.keys.isEmpty ? [] : keyLines)
        return bars + (bars.isEmpty || keys.isEmpty ? [] : [""]) + keys
    }

    private var keyLines: [String] {
        var table = Table(header: ["KEY", "SINCE", "BULLETIN"])
        for key in list.keys {
            table.add([key.key, key.since.wholeSecond.description, key.bulletin])
        }
        return table.lines
    }

    private var barLines: [String] {
        var table = Table(header: ["ID", "UNTIL", "WHAT", "BY", "WHY"])
        for bar in list.bars {
            table.add([
                bar.id.description, bar.until.wholeSecond.description, bar.selects,
                bar.actors.joined(separator: ","), bar.reason,
            ])
        }
        return table.lines
    }
}
