import ArgumentParser
import CommandSupport
import Grants

/// The grants that a revocation is about, as `jitgate revoke` and `jitgate request-revocation` take them.
struct SelectionOptions: ParsableArguments {
    @Argument(
        help: ArgumentHelp("The ids of grants.", valueName: "id"),
        completion: GrantCompletion.kind,
        transform: GrantID.init(parsing:)
    )
    var ids: [GrantID] = []

    @Flag(help: "Every grant that is open, waits or drains.")
    var all = false

    @Option(
        help: ArgumentHelp("Grants of requestors whose name matches.", valueName: "pattern"),
        transform: RevocationSelection.pattern
    )
    var requestor: [String] = []

    @Option(
        help: ArgumentHelp("Grants that a signer signed whose name matches.", valueName: "pattern"),
        transform: RevocationSelection.pattern
    )
    var signer: [String] = []

    @Option(
        help: ArgumentHelp(
            "Grants that a key signed, or one that this CA certified: SHA256:….",
            valueName: "fingerprint"
        ),
        transform: RevocationSelection.fingerprint
    )
    var key: [String] = []

    @Option(
        help: ArgumentHelp("Grants from networks that overlap with this one.", valueName: "cidr"),
        transform: Prefix.init(parsing:)
    )
    var source: [Prefix] = []

    @Option(
        help: ArgumentHelp(
            "Let no such grant open before this time, at most 7 days from now: 2h, 2026-12-01T10:00:00Z.",
            valueName: "time"
        )
    )
    var until: String?

    func validate() throws {
        guard !selection.isEmpty else {
            throw ValidationError(
                "name the ids of grants, --requestor, --signer, --key, --source, or --all for every one"
            )
        }
        guard !all || selection.count == 1 else {
            throw ValidationError("--all is every grant: it stands alone")
        }
    }

    var selection: RevocationSelection {
        var selection = RevocationSelection(ids: ids)
        (selection.requestors, selection.signers, selection.keys) = (requestor, signer, key)
        (selection.sources, selection.all) = (source, all)
        return selection
    }

    /// The end of the bar, if it is to be one.
    func end(on console: Console) throws(CommandFailure) -> Moment? {
        guard let until else { return nil }
        let now = console.now()
        do throws(TextError) {
            let moment: Moment
            if let span = try? TimeSpan.parse(until) {
                moment = now + span
            } else {
                moment = try TimeArgument(now: now, secondsEast: console.secondsEast).moment(until)
            }
            guard moment > now else { throw TextError("that has passed") }
            return moment
        } catch {
            throw CommandFailure(.usage, "--until: \(error)")
        }
    }
}
