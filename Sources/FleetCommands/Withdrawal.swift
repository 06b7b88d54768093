import CommandSupport
import Depot
import Grants
import Offers
import Publishing

/// Takes the lines of files off the shelves of a depot (docs/PROTOCOL.depot, section 10).
struct Withdrawal {
    /// A way to name a file.
    enum Name {
        case id(GrantID)
        case digest(ObjectDigest)
        case file(OfferedFile)

        var text: String {
            switch self {
            case .id(let id): id.description
            case .digest(let digest): digest.description
            case .file(let file): file.id?.description ?? file.digest.description
            }
        }

        /// Returns true if a line may be the one that is meant.
        func matches(_ line: ShelfLine) -> Bool {
            switch self {
            case .id(let id): line.name == "\(id)" || line.name.hasSuffix("-\(id)")
            case .digest(let digest): line.digest == digest
            case .file: false
            }
        }
    }

    /// A file that is withdrawn, or a name by which none was found.
    struct Item {
        enum Result: String {
            case withdrawn
            /// It is on no shelf.
            case absent
            /// It is a revocation, and those stay unless asked for.
            case refused
            /// The depot failed before all lines were gone.
            case failed
        }

        /// The id or the digest by which it was asked for.
        let name: String
        var digest: ObjectDigest?
        /// The kind of file; `nil` if it cannot be read.
        var kind: String?
        var result = Result.absent
        /// The shelves that it was taken off.
        var shelves: [ShelfName] = []
    }

    private var shelves: Shelves
    private(set) var items: [Item] = []
    /// The files that have to go from each shelf.
    private var wanted: [ShelfName: Set<ObjectDigest>] = [:]

    init(from store: any DepotStore, on console: Console) {
        shelves = Shelves(of: store, on: console)
    }

    /// The lines that were left out because their files are over.
    var dropped: Set<ShelfLine> { shelves.dropped }

    // MARK: what is meant

    /// Looks for files on shelves; revocations are left alone unless `allowing` them.
    mutating func find(
        _ names: [Name],
        on places: [ShelfName],
        allowing revocations: Bool
    ) throws(CommandFailure) {
        let listed = try listing(of: names, on: places)
        for name in names {
            var lines = listed.keys.filter(name.matches)
            // The revocation of a grant has the grant's id in its name, too.
            if lines.contains(where: { $0.name == name.text }) {
                lines = lines.filter { $0.name == name.text }
            }
            if case .file(let file) = name { lines = [file.line] }
            for line in lines.sorted(by: { $0.text < $1.text }) {
                var file = try shelves.file(line.digest)
                if case .file(let own) = name { file = own }
                try add(line, file, as: name, listed[line] ?? [], allowing: revocations)
            }
            if lines.isEmpty { items.append(Item(name: name.text)) }
        }
    }

    /// The lines that names may mean, with their shelves.
    private func listing(
        of names: [Name],
        on places: [ShelfName]
    ) throws(CommandFailure) -> [ShelfLine: Set<ShelfName>] {
        let names = names.filter { if case .file = $0 { false } else { true } }
        guard !names.isEmpty else { return [:] }
        var listed: [ShelfLine: Set<ShelfName>] = [:]
        var progress = FleetProgress(of: places.count, "shelves", on: shelves.console)
        defer { progress.end() }
        for shelf in places {
            for line in try shelves.lines(of: shelf)
            where names.contains(where: { $0.matches(line) }) {
                listed[line, default: []].insert(shelf)
            }
            progress.advance()
        }
        return listed
    }

    private mutating func add(
        _ line: ShelfLine,
        _ file: OfferedFile?,
        as name: Name,
        _ places: Set<ShelfName>,
        allowing revocations: Bool
    ) throws(CommandFailure) {
        var item = Item(name: name.text, digest: line.digest, kind: file?.kind)
        let closes = file?.facts.closes ?? line.name.hasPrefix("revocation-")
        if closes, !revocations {
            item.result = .refused
        } else {
            if let file { try shelves.store.examine(by: .file(file.digest), file.bytes) }
            let common = try ShelfName.all(["all"], of: "")
            for shelf in places.union(file?.shelves(common: common) ?? []) {
                wanted[shelf, default: []].insert(line.digest)
            }
        }
        items.append(item)
    }

    // MARK: what is done

    /// Takes the files off, and the lines that are over off these shelves, too.
    mutating func withdraw(pruning others: [ShelfName]) throws(CommandFailure) {
        for index in items.indices where items[index].digest.map(isWanted) ?? false {
            items[index].result = .failed
        }
        let names = Set(wanted.keys).union(others).sorted { $0.description < $1.description }
        try Shelves.inRounds(names, on: shelves.console) { shelf throws(CommandFailure) in
            try withdraw(from: shelf)
        }
        for index in items.indices where items[index].result == .failed {
            items[index].result = items[index].shelves.isEmpty ? .absent : .withdrawn
        }
    }

    private func isWanted(_ digest: ObjectDigest) -> Bool {
        wanted.values.contains { $0.contains(digest) }
    }

    /// Returns false if another publisher may have undone the edit.
    private mutating func withdraw(from shelf: ShelfName) throws(CommandFailure) -> Bool {
        // To edit a shelf makes its directory, and most hosts have none.
        guard try !shelves.lines(of: shelf).isEmpty else { return true }
        var gone: Set<ObjectDigest> = []
        let isDone = try shelves.edit(shelf, removing: wanted[shelf] ?? []) { _, edit in
            gone = Set(edit.removed.map(\.digest))
        }
        for index in items.indices {
            guard let digest = items[index].digest, gone.contains(digest),
                !items[index].shelves.contains(shelf)
            else { continue }
            items[index].shelves.append(shelf)
        }
        return isDone
    }
}
