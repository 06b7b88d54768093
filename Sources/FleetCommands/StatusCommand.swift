import ArgumentParser
import CommandSupport
import Grants
import Posture

struct StatusCommand: JitgateCommand {
    /// More hosts than these are not all listed on a terminal unless they are asked for.
    private static let mostLines = 50

    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Say how every host of the fleet is, by the statuses that they signed.",
        discussion: """
            Each host of the inventory is in one state: configured, observing, on-trial, drifted (its \
            policy or signers are not those of the rest of its group), stale (what the fleet publishes \
            does not reach it), unsupported (the gate cannot hold on it), silent, forked (it signed two \
            logs), unverified (its status is not signed by the key of the inventory), not-configured or \
            retired. For stale and unsupported hosts the code of the condition is shown. Of more than 50 hosts those are listed that are not as they should be; --all lists \
            them all.

              jitgate-fleet status --inventory hosts
              jitgate-fleet status --witness /var/lib/witness --csv > hosts.csv
            """
    )

    @Flag(help: "List all hosts.")
    var all = false

    @OptionGroup var fleet: FleetOptions
    @OptionGroup var format: FleetFormat

    func perform(on console: Console) throws(CommandFailure) {
        let view = PostureView(fleet: try fleet.fleet(console).posture(console))
        format.write(json: view.json, csv: view.csv, on: console)
        guard format.isText else { return }
        console.print(view.summary)
        let hosts = view.fleet.hosts
        let isShort = all || hosts.count <= Self.mostLines
        let listed = isShort ? hosts : hosts.filter { !$0.isHealthy }
        guard !listed.isEmpty else { return }
        view.table(listed, on: console).forEach(console.print)
    }
}
