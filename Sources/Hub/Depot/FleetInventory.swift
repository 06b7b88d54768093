import Depot
import Grants
import HubStorage
import Linux
import Posture

/// The inventory of the hub: its file, and the lines that other systems sent.
struct FleetInventory: Sendable {
    /// The source of the lines of the file.
    static let fileSource = "file"
    /// The most lines of one source.
    static let mostLines = 20_000

    /// A line with its source.
    struct Line: Hashable, Sendable {
        let source: String
        let entry: Inventory.Entry
    }

    let path: String?
    private var identity: FileIdentity?
    private var own: [Inventory.Entry] = []
    private var sent: [Line] = []
    /// The reason why the file is not what is in force.
    private(set) var problem: String?

    init(path: String?) {
        self.path = path
    }

    /// All lines; what is in the file comes first, and a host counts where it stands first.
    var lines: [Line] {
        own.map { Line(source: Self.fileSource, entry: $0) } + sent
    }

    /// The hosts, each once.
    var entries: [Inventory.Entry] {
        var seen: Set<ShelfName> = []
        return lines.map(\.entry).filter { seen.insert($0.host).inserted }
    }

    /// Reads the file again if it is another one; returns whether it was read.
    ///
    /// A file that is malformed changes nothing: the hosts stay as they were.
    mutating func refresh() -> Bool {
        guard let path else { return false }
        let found = try? FileIdentity.of(path)
        guard found != identity else { return false }
        identity = found
        guard let bytes = try? SmallFile.read(path, limit: Inventory.fileLimit) else {
            problem = "\(path) cannot be read"
            return false
        }
        do throws(InventoryError) {
            own = try Inventory(parsing: bytes).entries
            problem = nil
            return true
        } catch {
            problem = "\(path): \(error)"
            return false
        }
    }

    /// Takes the lines that other systems sent.
    mutating func take(_ lines: [Line]) {
        sent = lines
    }
}

/// The rows of `inventory`.
struct InventoryRecords {
    let statements: any Statements

    func lines() throws(StorageError) -> [FleetInventory.Line] {
        let rows = try statements.rows(
            "SELECT source, line FROM inventory ORDER BY source, host",
            []
        )
        var lines: [FleetInventory.Line] = []
        for row in rows {
            let source = try row.text(0)
            // A later hub may write lines that this one cannot read.
            let entries = try? Inventory(parsing: Array(try row.text(1).utf8)).entries
            for entry in entries ?? [] { lines.append(.init(source: source, entry: entry)) }
        }
        return lines
    }

    /// Replaces the lines of a source, and tells the hubs.
    func replace(_ source: String, by entries: [Inventory.Entry]) throws(StorageError) {
        try statements.run("DELETE FROM inventory WHERE source = $1", [.text(source)])
        for entry in entries {
            try statements.run(
                "INSERT INTO inventory (source, host, line) VALUES ($1, $2, $3)",
                [.text(source), .text(entry.host.description), .text(entry.line)]
            )
        }
        try ChangeRecords(statements: statements).append(.inventory, source)
    }
}
