import ArgumentParser
import CommandSupport
import FetchSettings
import Grants
import Posture

struct NotifyCommand: JitgateCommand {
    static let configuration = CommandConfiguration(
        commandName: "notify",
        abstract: "Tell signers what the hosts have opened in their name.",
        discussion: """
            The hosts' own statuses say which grants are open, and who signed them. For each signer \
            whom a [[notify]] of fleet.toml names, its program is run once for each grant and host, with \
            the facts as JSON on its standard input. So whoever holds a stolen key cannot use it unseen: \
            run this elsewhere than the depot, and tell people by another way. No shell is involved.

            What was told is remembered in the state directory. If the program fails, the notice is \
            repeated at the next run; if notify is killed, it may be told twice. Let a timer run it.

              jitgate-fleet notify --state /var/lib/jitgate-notify
              jitgate-fleet notify --state /var/lib/jitgate-notify --dry-run --json

            Exit status: 0 done; 1 a program failed, or a state could not be kept; 2 usage; else as in \
            sysexits.h: 66 no input, 69 the depot does not answer, 73 cannot create, 78 bad configuration.
            """
    )

    @Option(
        help: ArgumentHelp("Remember here what was told.", valueName: "directory"),
        completion: .directory
    )
    var state: String

    @Flag(help: "Say what would be told, run nothing and remember nothing.")
    var dryRun = false

    @OptionGroup var fleet: FleetOptions
    @OptionGroup var format: FleetFormat

    func perform(on console: Console) throws(CommandFailure) {
        let settings = try fleet.depot.configuration(console)
        let rules = try NoticeRule.all(settings.file.notices)
        let told = NoticeDirectory(path: state)
        try told.require()
        let posture = try fleet.fleet(console).posture(console)
        var notifier = Notifier(rules: rules, told: told, now: console.now(), isDry: dryRun)
        for host in posture.hosts { try notifier.tell(host) }
        if !dryRun { told.prune(at: console.now()) }
        let report = NotifyReport(notices: notifier.results, untold: notifier.unaddressed)
        format.write(json: report.json, csv: report.csv, on: console)
        if format.isText { report.show(on: console) }
        guard report.isComplete else { throw .alreadyReported }
    }
}
