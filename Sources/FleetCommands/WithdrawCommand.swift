import ArgumentParser
import CommandSupport
import Depot
import FetchSettings
import Grants
import Offers
import Posture
import Publishing
import StrictJSON

struct WithdrawCommand: JitgateCommand {
    static let configuration = CommandConfiguration(
        commandName: "withdraw",
        abstract: "Take files off the shelves of the depot, so that no more hosts get them.",
        discussion: """
            Each is named by its id, by its SHA-256 or by the signed file itself. An id is looked for on \
            the shelf all and on those of the hosts of the inventory, or on those that --shelf names; \
            then the lines go from every shelf that the file's hosts name. --ended takes off all lines \
            whose files are over.

            Hosts that have taken a file keep it: a grant that they accepted stays open until its \
            deadline, and one in their inbox may still open. To end a grant, post a revocation. The file \
            itself stays in the depot, where its digest finds it; posting it again lists it again. A \
            revocation is withdrawn only with --revocations, since hosts that have not taken it yet \
            would never learn of it.

              jitgate-fleet withdraw 0b8a2f6e-5c1d-4f0e-9a43-2f1f6f0c7d11
              jitgate-fleet withdraw g.grant --depot /srv/depot --json
              jitgate-fleet withdraw --ended --inventory hosts

            Exit status: 0 done; 1 some were on no shelf, or may not be withdrawn; 2 usage; else as in \
            sysexits.h: 66 no input, 69 the depot does not answer, 75 other publishers were faster, 77 \
            no permission, 78 bad configuration.
            """
    )

    @Argument(
        help: ArgumentHelp("Ids, SHA-256 digests, or signed files.", valueName: "id"),
        completion: .file()
    )
    var names: [String] = []

    @Flag(help: "Take off all lines whose files are over, too.")
    var ended = false

    @Flag(help: "Withdraw revocations, too.")
    var revocations = false

    @Option(
        help: ArgumentHelp(
            "Look on this shelf, in place of all and of the inventory.",
            valueName: "name"
        )
    )
    var shelf: [String] = []

    @Option(
        help: ArgumentHelp(
            "The hosts on whose shelves to look.",
            discussion: "Default: [fleet] inventory, if it is set.",
            valueName: "file"
        ),
        completion: .file()
    )
    var inventory: String?

    @OptionGroup var depot: DepotOptions
    @OptionGroup var format: FleetFormat

    func validate() throws {
        guard !names.isEmpty || ended else {
            throw ValidationError(
                "name what to withdraw: an id, a SHA-256 or a file; or say --ended"
            )
        }
    }

    func perform(on console: Console) throws(CommandFailure) {
        let settings = try depot.configuration(console)
        let store = try depot.store(settings)
        let places = try places(settings)
        var wanted: [Withdrawal.Name] = []
        for name in names { wanted.append(try Self.name(name)) }
        var withdrawal = Withdrawal(from: store, on: console)
        try withdrawal.find(wanted, on: places, allowing: revocations)
        let failure: CommandFailure?
        do throws(CommandFailure) {
            try withdrawal.withdraw(pruning: ended ? places : [])
            failure = nil
        } catch {
            failure = error
        }
        let report = WithdrawReport(withdrawal: withdrawal, depot: store.name, failure: failure)
        format.write(json: report.json, csv: report.csv, on: console)
        if format.isText { report.show(on: console) }
        if let failure { throw failure }
        guard report.isComplete else { throw .alreadyReported }
    }

    /// The shelves on which ids are looked for.
    private func places(_ settings: FleetSettings) throws(CommandFailure) -> [ShelfName] {
        guard shelf.isEmpty else { return try ShelfName.all(shelf, of: "--shelf") }
        let path = inventory ?? settings.file.inventory
        let hosts = try path.map { path throws(CommandFailure) in
            try FleetOptions.inventory(path).entries.map(\.host)
        }
        return try ShelfName.all(["all"], of: "") + (hosts ?? []).filter { $0.description != "all" }
    }

    /// An id, a digest, or else the path of a file.
    private static func name(_ text: String) throws(CommandFailure) -> Withdrawal.Name {
        if let digest = ObjectDigest(text) { return .digest(digest) }
        if let id = try? GrantID(parsing: text) { return .id(id) }
        let bytes = try GrantFile.read(text, limit: DepotObject.fileLimit)
        do throws(OfferedFile.Refusal) {
            let moment = Moment(microseconds: 0)
            return .file(try OfferedFile(checking: bytes, by: nil, at: moment))
        } catch {
            throw CommandFailure(
                .no,
                "\(text): \(error.code): \(error.reason)",
                hints: ["name an id, a SHA-256 or a file that was posted"]
            )
        }
    }
}

extension ShelfName {
    /// The shelves that an option names.
    static func all(_ texts: [String], of option: String) throws(CommandFailure) -> [ShelfName] {
        var shelves: [ShelfName] = []
        for text in texts {
            guard let name = ShelfName(text) else {
                throw CommandFailure(
                    .usage,
                    "\(option): \(DisplayText.safe(text.debugDescription)) is no shelf",
                    hints: [grammar]
                )
            }
            shelves.append(name)
        }
        return shelves
    }
}
