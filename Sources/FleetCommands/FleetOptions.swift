import ArgumentParser
import Attestation
import CommandSupport
import Depot
import FetchSettings
import Grants
import Posture
import Publishing

/// The options of commands that look at the hosts of a fleet.
struct FleetOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The hosts of the fleet with the keys of their logs.",
            discussion: "Default: [fleet] inventory.",
            valueName: "file"
        ),
        completion: .file()
    )
    var inventory: String?

    @Option(
        help: ArgumentHelp(
            "The memory of a witness, which `collect` keeps.",
            discussion:
                "Default: [fleet] witness. With it, ages go by the clock here, and forks show.",
            valueName: "directory"
        ),
        completion: .directory
    )
    var witness: String?

    @Option(
        help: ArgumentHelp("Call a host silent whose status is older.", valueName: "time")
    )
    var silentAfter = "15m"

    @OptionGroup var depot: DepotOptions
}

/// A fleet: its depot, its hosts, and what a witness knows.
struct Fleet {
    let store: any DepotStore
    let inventory: Inventory
    let witness: WitnessDirectory?
    let silentAfter: Duration
}

extension FleetOptions {
    func fleet(_ console: Console) throws(CommandFailure) -> Fleet {
        let settings = try depot.configuration(console)
        guard let path = inventory ?? settings.file.inventory else {
            throw CommandFailure(
                .usage,
                "no inventory is named",
                hints: ["name it with --inventory, or in \(FleetSettings.fileName)"]
            )
        }
        return Fleet(
            store: try depot.store(settings),
            inventory: try Self.inventory(path),
            witness: (witness ?? settings.file.witness).map(WitnessDirectory.init),
            silentAfter: try limit()
        )
    }

    private func limit() throws(CommandFailure) -> Duration {
        do throws(TextError) {
            return try Duration(parsing: silentAfter)
        } catch {
            throw CommandFailure(.usage, "--silent-after: \(error)")
        }
    }

    static func inventory(_ path: String) throws(CommandFailure) -> Inventory {
        let bytes = try GrantFile.read(path, limit: Inventory.fileLimit)
        do throws(InventoryError) {
            return try Inventory(parsing: bytes)
        } catch {
            throw CommandFailure(.configuration, "\(path): \(error)")
        }
    }
}

extension Fleet {
    /// Reads the status of every host, and compares them.
    func posture(_ console: Console) throws(CommandFailure) -> FleetPosture {
        var hosts: [HostPosture] = []
        var progress = FleetProgress(of: inventory.entries.count, "hosts", on: console)
        defer { progress.end() }
        for entry in inventory.entries {
            let reading = HostReading(note: try note(of: entry), witness: try known(entry))
            hosts.append(
                HostPosture(of: entry, reading, now: console.now(), silentAfter: silentAfter)
            )
            progress.advance()
        }
        return FleetPosture(hosts)
    }

    /// The status note of a host.
    func note(of entry: Inventory.Entry) throws(CommandFailure) -> [UInt8]? {
        entry.kind == .retired ? nil : try read(.status(entry.host))
    }

    /// Reads an object that a host wrote; one that is too long is as none, so that it hides no other host.
    func read(_ object: DepotObject) throws(CommandFailure) -> [UInt8]? {
        do throws(CommandFailure) {
            return try store.read(object)?.bytes
        } catch  where error.status == .no || error.status == .inputOutput {
            return []
        }
    }

    func known(_ entry: Inventory.Entry) throws(CommandFailure) -> WitnessedHost? {
        guard case .keyed(let key) = entry.kind else { return nil }
        return try witness?.host(entry.host, key: key)
    }
}
