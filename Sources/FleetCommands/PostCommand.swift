import ArgumentParser
import CommandSupport
import Depot
import FetchSettings
import Grants
import Offers
import Publishing
import Signatures
import StrictJSON

struct PostCommand: JitgateCommand {
    static let configuration = CommandConfiguration(
        commandName: "post",
        abstract: "Post signed files to the depot, for the hosts that they name.",
        discussion: """
            Each file is checked as far as that is possible without a host: its signatures, by the \
            people of an allowed_signers file if one is given, its grammar, and that it is not over. \
            It goes on to the shelf of each host that it names literally, and on to the shelf all for \
            patterns, labels and machine ids. Revocations are posted before all else, and lines whose \
            grants have ended are left out. Posting a file twice does no harm.

              jitgate-fleet post g.grant
              jitgate-fleet post *.grant --depot /srv/depot --json
              jitgate sign g.json -o - | jitgate-fleet post -

            Exit status: 0 done; 1 some files were refused, and the others are posted; 2 usage; else as \
            in sysexits.h: 66 no input, 69 the depot does not answer, 75 other publishers were faster, \
            77 no permission, 78 bad configuration.
            """
    )

    @Argument(
        help: "Signed grants, revocations, reviews; - is the standard input.",
        completion: .file()
    )
    var files: [String]

    @Option(
        help: ArgumentHelp(
            "Use this shelf for patterns, labels and machine ids, in place of all.",
            valueName: "name"
        )
    )
    var shelf: [String] = []

    @Option(
        help: ArgumentHelp(
            "The people who may sign, in OpenSSH's format.",
            discussion: "Default: [fleet] allowed_signers.",
            valueName: "file"
        ),
        completion: .file()
    )
    var allowedSigners: String?

    @OptionGroup var depot: DepotOptions
    @OptionGroup var format: FleetFormat

    func perform(on console: Console) throws(CommandFailure) {
        let common = try ShelfName.all(shelf.isEmpty ? ["all"] : shelf, of: "--shelf")
        let configuration = try depot.configuration(console)
        let store = try depot.store(configuration)
        let signers = try signers(configuration, on: console)
        var offers: [Offer] = []
        for file in files { offers.append(try offer(file, signers, common, on: console)) }
        var posting = Posting(to: store, on: console)
        var failure: CommandFailure?
        do throws(CommandFailure) {
            try posting.post(offers.compactMap(\.posted))
        } catch {
            failure = error
        }
        let report = PostReport(offers: offers, posting: posting, store: store, failure: failure)
        format.write(json: report.json, csv: report.csv, on: console)
        if format.isText { report.show(on: console) }
        if let failure { throw failure }
        guard report.isComplete else { throw .alreadyReported }
    }

    /// A file, and whether it can be posted.
    struct Offer {
        let name: String
        let file: Swift.Result<OfferedFile, OfferedFile.Refusal>
        let shelves: [ShelfName]

        var posted: (file: OfferedFile, shelves: [ShelfName])? {
            (try? file.get()).map { ($0, shelves) }
        }
    }

    private func offer(
        _ name: String,
        _ signers: SignatureVerifier?,
        _ common: [ShelfName],
        on console: Console
    ) throws(CommandFailure) -> Offer {
        let bytes = try GrantFile.read(name, limit: DepotObject.fileLimit, on: console)
        let shown = name == "-" ? "standard input" : name
        do throws(OfferedFile.Refusal) {
            let file = try OfferedFile(checking: bytes, by: signers, at: console.now())
            if let end = file.facts.end, end <= console.now() {
                throw OfferedFile.Refusal("over", "it was over at \(end.wholeSecond)")
            }
            return Offer(name: shown, file: .success(file), shelves: file.shelves(common: common))
        } catch {
            return Offer(name: shown, file: .failure(error), shelves: [])
        }
    }

    private func signers(
        _ configuration: FleetSettings,
        on console: Console
    ) throws(CommandFailure) -> SignatureVerifier? {
        guard let path = allowedSigners ?? configuration.file.allowedSigners else {
            console.note(
                "jitgate-fleet: whose the signatures are is not checked: name the signers with"
                    + " --allowed-signers, or in \(FleetSettings.fileName)"
            )
            return nil
        }
        let bytes = try GrantFile.read(path, limit: 256 << 10)
        do throws(AllowedSignersError) {
            return SignatureVerifier(allowedSigners: try AllowedSigners(parsing: bytes))
        } catch {
            throw CommandFailure(.configuration, "\(path): \(error)")
        }
    }
}
