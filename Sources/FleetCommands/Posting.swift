import CommandSupport
import Depot
import Glibc
import Grants

/// Puts files into a depot and on to its shelves (docs/PROTOCOL.depot, section 9).
struct Posting {
    /// The lines of an index whose files are read, at most, to learn whether they are over.
    private static let mostLookups = 1000

    /// The fate of a file.
    struct Result {
        /// The shelves that it is listed on.
        var listed: [ShelfName] = []
        /// The shelves that have no room for it.
        var full: [ShelfName] = []
        /// True if the depot or a shelf lacked it before.
        var isNew = false
    }

    private let store: any DepotStore
    private let console: Console
    private var known: [ObjectDigest: ShelfEdit.Knowledge?] = [:]
    private var lookups = 0
    private(set) var results: [ObjectDigest: Result] = [:]
    /// The files that the shelf of the last edit has no room for.
    private var refused: Set<ObjectDigest> = []
    /// The lines that were left out because their files are over.
    private(set) var dropped: Set<ShelfLine> = []

    init(to store: any DepotStore, on console: Console) {
        (self.store, self.console) = (store, console)
    }

    /// Posts files, revocations before all else.
    mutating func post(_ files: [(file: OfferedFile, shelves: [ShelfName])]) throws(CommandFailure)
    {
        var seen: Set<ObjectDigest> = []
        let files = files.filter { seen.insert($0.file.digest).inserted }
        for part in [files.filter(\.file.facts.closes), files.filter { !$0.file.facts.closes }] {
            for (file, _) in part { try put(file) }
            try list(part)
        }
    }

    private mutating func put(_ file: OfferedFile) throws(CommandFailure) {
        results[file.digest] = results[file.digest] ?? Result()
        known[file.digest] = ShelfEdit.Knowledge(file.facts, posted: nil)
        let object = DepotObject.file(file.digest)
        if try store.read(object)?.bytes != file.bytes {
            try store.write(file.bytes, to: object)
            results[file.digest]?.isNew = true
        }
        try store.examine(by: object, file.bytes)
    }

    private mutating func list(
        _ files: [(file: OfferedFile, shelves: [ShelfName])]
    ) throws(CommandFailure) {
        var wanted: [ShelfName: [OfferedFile]] = [:]
        for (file, shelves) in files {
            for shelf in shelves { wanted[shelf, default: []].append(file) }
        }
        var progress = FleetProgress(of: wanted.count, "shelves", on: console)
        defer { progress.end() }
        var rest = wanted.keys.sorted { $0.description < $1.description }
        for round in 0..<SecondLook.rounds where !rest.isEmpty {
            if round > 0 { usleep(UInt32(clamping: SecondLook.pause.microseconds)) }
            var unsure: [ShelfName] = []
            for shelf in rest {
                let files = wanted[shelf] ?? []
                if try edit(shelf, adding: files) {
                    note(files, on: shelf)
                } else {
                    unsure.append(shelf)
                }
                if round == 0 { progress.advance() }
            }
            rest = unsure
        }
        if let shelf = rest.first { throw .overtaken(DepotObject.index(shelf).path) }
    }

    /// Notes that a shelf has all files that it has room for.
    private mutating func note(_ files: [OfferedFile], on shelf: ShelfName) {
        for file in files {
            if refused.contains(file.digest) {
                results[file.digest]?.full.append(shelf)
            } else {
                results[file.digest]?.listed.append(shelf)
            }
        }
    }

    /// Returns false if another publisher may have undone the edit.
    private mutating func edit(
        _ shelf: ShelfName,
        adding files: [OfferedFile]
    ) throws(CommandFailure) -> Bool {
        try store.edit(.index(shelf)) { object throws(CommandFailure) in
            let lines = try index(object, of: shelf)
            let edit = ShelfEdit(
                of: lines,
                adding: files.map(\.addition),
                knowing: try knowledge(of: lines),
                at: now
            )
            refused = Set(edit.refused.map(\.line.digest))
            dropped.formUnion(edit.dropped)
            guard edit.changes(lines) else { return nil }
            for digest in Set(edit.lines.map(\.digest)).subtracting(lines.map(\.digest)) {
                results[digest]?.isNew = true
            }
            return edit.bytes
        }
    }

    /// The lines of an index; what is no index is not replaced.
    private func index(
        _ object: StoredObject?,
        of shelf: ShelfName
    ) throws(CommandFailure) -> [ShelfLine] {
        guard let object else { return [] }
        do throws(IndexError) {
            return try ShelfIndex(parsing: object.bytes).lines
        } catch {
            throw CommandFailure(
                .no,
                "\(store.name)/\(DepotObject.index(shelf).path): \(error)",
                hints: ["it is left as it is; is this a depot? Mend it or remove it"]
            )
        }
    }

    /// The time by which lines are dropped: a clock that is ahead drops nothing that is in force.
    private var now: Moment {
        let own = console.now()
        return store.time.map { min($0, own) } ?? own
    }

    /// The facts about the files of an index, as far as they can be read.
    private mutating func knowledge(
        of lines: [ShelfLine]
    ) throws(CommandFailure) -> [ObjectDigest: ShelfEdit.Knowledge] {
        for line in lines where known[line.digest] == nil && lookups < Self.mostLookups {
            lookups += 1
            known[line.digest] = .some(try lookUp(line.digest))
        }
        return lines.reduce(into: [:]) { $0[$1.digest] = known[$1.digest] ?? nil }
    }

    private func lookUp(_ digest: ObjectDigest) throws(CommandFailure) -> ShelfEdit.Knowledge? {
        guard let object = try store.read(.file(digest)),
            let file = try? OfferedFile(checking: object.bytes, by: nil, at: now),
            file.digest == digest
        else { return nil }
        return ShelfEdit.Knowledge(file.facts, posted: object.modified)
    }
}
