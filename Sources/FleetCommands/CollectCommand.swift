import ArgumentParser
import Attestation
import CommandSupport
import Depot
import Grants
import Posture
import StrictJSON
import Transparency

struct CollectCommand: JitgateCommand {
    static let configuration = CommandConfiguration(
        commandName: "collect",
        abstract: "Witness the logs of all hosts: remember each, and demand that it only grew.",
        discussion: """
            The status and the proof of each host are read from the depot, verified by the key of the \
            inventory, and held against what this witness knows; its memory is a file a host in the \
            directory. Two checkpoints that contradict each other are a fork. It stays an alarm until a \
            person accepts it with a reason. With --key the witness cosigns what is proved \
            (https://c2sp.org/tlog-cosignature), in HOST.checkpoint. Let a timer run it, as often as once \
            a minute.

              jitgate-fleet collect --witness /var/lib/witness
              jitgate-fleet collect --witness /var/lib/witness --key /etc/witness.key --csv
              jitgate-fleet collect --witness /var/lib/witness \\
                --accept-fork web-1 --reason 'restored from a backup, CHG-77'

            Exit status: 0 done; 1 there are forks, or notes that are not signed by their host.
            """
    )

    @Option(
        help: ArgumentHelp(
            "A key to cosign with, as note.GenerateKey writes it.",
            valueName: "file"
        ),
        completion: .file()
    )
    var key: String?

    @Option(help: ArgumentHelp("Accept the fork of this host.", valueName: "host"))
    var acceptFork: String?

    @Option(help: ArgumentHelp("Why the fork is accepted.", valueName: "text"))
    var reason: String?

    @OptionGroup var fleet: FleetOptions
    @OptionGroup var format: FleetFormat

    func validate() throws {
        guard (acceptFork == nil) == (reason == nil) else {
            throw ValidationError("--accept-fork and --reason belong together")
        }
    }

    func perform(on console: Console) throws(CommandFailure) {
        let fleet = try fleet.fleet(console)
        guard let witness = fleet.witness else {
            throw CommandFailure(
                .usage,
                "no witness is named",
                hints: ["name its directory: --witness"]
            )
        }
        let collector = Collector(
            fleet: fleet,
            witness: witness,
            key: try cosigningKey(),
            console: console
        )
        if let acceptFork, let reason {
            try collector.accept(forkOf: acceptFork, reason: reason)
        }
        let findings = try collector.collect()
        let table = CSVTable(columns: Collector.Finding.columns, rows: findings.map(\.cells))
        format.write(json: .array(findings.map(\.json)), csv: table, on: console)
        for finding in findings where format.isText && finding.isNews {
            console.print(DisplayText.safe(finding.text))
        }
        guard findings.allSatisfy({ !$0.isAlarming }) else { throw .alreadyReported }
    }

    private func cosigningKey() throws(CommandFailure) -> CosigningKey? {
        guard let key else { return nil }
        let bytes = try GrantFile.read(key, limit: 4096)
        let text = String(decoding: bytes, as: UTF8.self)
        do throws(ProofError) {
            return try CosigningKey(
                parsing: text.split(separator: "\n").first.map(String.init) ?? ""
            )
        } catch {
            throw CommandFailure(.configuration, "\(key): \(error)")
        }
    }
}
