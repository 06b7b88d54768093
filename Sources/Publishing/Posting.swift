package import CommandSupport
package import Depot
import Grants
package import Offers

/// Puts files into a depot and on to its shelves (docs/PROTOCOL.depot, section 9).
package struct Posting {
    /// The fate of a file.
    package struct Result {
        /// The shelves that it is listed on.
        package var listed: [ShelfName] = []
        /// The shelves that have no room for it.
        package var full: [ShelfName] = []
        /// True if the depot or a shelf lacked it before.
        package var isNew = false
    }

    private var shelves: Shelves
    package private(set) var results: [ObjectDigest: Result] = [:]

    package init(to store: any DepotStore, on console: Console) {
        shelves = Shelves(of: store, on: console)
    }

    /// The lines that were left out because their files are over.
    package var dropped: Set<ShelfLine> { shelves.dropped }

    /// Posts files, revocations before all else.
    package mutating func post(
        _ files: [(file: OfferedFile, shelves: [ShelfName])]
    ) throws(CommandFailure) {
        var seen: Set<ObjectDigest> = []
        let files = files.filter { seen.insert($0.file.digest).inserted }
        for part in [files.filter(\.file.facts.closes), files.filter { !$0.file.facts.closes }] {
            for (file, _) in part { try put(file) }
            try list(part)
        }
    }

    private mutating func put(_ file: OfferedFile) throws(CommandFailure) {
        results[file.digest] = results[file.digest] ?? Result()
        shelves.know(file)
        let object = DepotObject.file(file.digest)
        if try shelves.store.read(object)?.bytes != file.bytes {
            try shelves.store.write(file.bytes, to: object)
            results[file.digest]?.isNew = true
        }
        try shelves.store.examine(by: object, file.bytes)
    }

    private mutating func list(
        _ files: [(file: OfferedFile, shelves: [ShelfName])]
    ) throws(CommandFailure) {
        var wanted: [ShelfName: [OfferedFile]] = [:]
        for (file, shelves) in files {
            for shelf in shelves { wanted[shelf, default: []].append(file) }
        }
        let names = wanted.keys.sorted { $0.description < $1.description }
        try Shelves.inRounds(names, on: shelves.console) { shelf throws(CommandFailure) in
            try list(wanted[shelf] ?? [], on: shelf)
        }
    }

    /// Returns false if another publisher may have undone the edit.
    private mutating func list(
        _ files: [OfferedFile],
        on shelf: ShelfName
    ) throws(CommandFailure) -> Bool {
        var (refused, new): (Set<ObjectDigest>, Set<ObjectDigest>) = ([], [])
        let isDone = try shelves.edit(shelf, adding: files.map(\.addition)) { lines, edit in
            refused = Set(edit.refused.map(\.line.digest))
            new.formUnion(Set(edit.lines.map(\.digest)).subtracting(lines.map(\.digest)))
        }
        for digest in new { results[digest]?.isNew = true }
        guard isDone else { return false }
        for file in files {
            if refused.contains(file.digest) {
                results[file.digest]?.full.append(shelf)
            } else {
                results[file.digest]?.listed.append(shelf)
            }
        }
        return true
    }
}
