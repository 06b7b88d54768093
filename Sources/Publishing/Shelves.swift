package import CommandSupport
package import Depot
package import Grants
package import Offers

/// The shelves of a depot as a publisher reads and changes them (docs/PROTOCOL.depot, section 9).
package struct Shelves {
    /// The lines of indexes whose files are read, at most, to learn whether they are over.
    private static let mostLookups = 1000

    package let store: any DepotStore
    package let console: Console
    private var known: [ObjectDigest: ShelfEdit.Knowledge?] = [:]
    private var lookups = 0
    /// The lines that were left out because their files are over.
    package private(set) var dropped: Set<ShelfLine> = []

    package init(of store: any DepotStore, on console: Console) {
        (self.store, self.console) = (store, console)
    }

    /// The time by which lines are dropped: a clock that is ahead drops nothing that is in force.
    package var now: Moment {
        let own = console.now()
        return store.time.map { min($0, own) } ?? own
    }

    /// Takes note of a file, which then need not be read.
    package mutating func know(_ file: OfferedFile) {
        known[file.digest] = ShelfEdit.Knowledge(file.facts, posted: nil)
    }

    /// The lines of a shelf; none if there is no index.
    package func lines(of shelf: ShelfName) throws(CommandFailure) -> [ShelfLine] {
        try lines(store.read(.index(shelf)), of: shelf)
    }

    /// The lines of an index; what is no index is not replaced.
    private func lines(
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

    /// The signed file with a digest; `nil` if it is not there, or another one.
    package func file(_ digest: ObjectDigest) throws(CommandFailure) -> OfferedFile? {
        try object(digest)?.file
    }

    private func object(
        _ digest: ObjectDigest
    ) throws(CommandFailure) -> (file: OfferedFile, posted: Moment?)? {
        guard let object = try store.read(.file(digest)),
            let file = try? OfferedFile(checking: object.bytes, by: nil, at: now),
            file.digest == digest
        else { return nil }
        return (file, object.modified)
    }
}

// MARK: changes

extension Shelves {
    /// Changes an index: `changed` gets the lines before and the edit.
    ///
    /// Returns false if another publisher may have undone the change.
    package mutating func edit(
        _ shelf: ShelfName,
        adding additions: [ShelfEdit.Addition] = [],
        removing removals: Set<ObjectDigest> = [],
        _ changed: ([ShelfLine], ShelfEdit) -> Void
    ) throws(CommandFailure) -> Bool {
        try store.edit(.index(shelf)) { object throws(CommandFailure) in
            let lines = try lines(object, of: shelf)
            let edit = ShelfEdit(
                of: lines,
                adding: additions,
                removing: removals,
                knowing: try knowledge(of: lines),
                at: now
            )
            dropped.formUnion(edit.dropped)
            changed(lines, edit)
            return edit.changes(lines) ? edit.bytes : nil
        }
    }

    /// The facts about the files of an index, as far as they can be read.
    private mutating func knowledge(
        of lines: [ShelfLine]
    ) throws(CommandFailure) -> [ObjectDigest: ShelfEdit.Knowledge] {
        for line in lines where known[line.digest] == nil && lookups < Self.mostLookups {
            lookups += 1
            let found = try object(line.digest)
            known[line.digest] = .some(
                found.map { ShelfEdit.Knowledge($0.file.facts, posted: $0.posted) }
            )
        }
        return lines.reduce(into: [:]) { $0[$1.digest] = known[$1.digest] ?? nil }
    }

    /// Has `edit` change each shelf, and again those that another publisher may have changed back.
    package static func inRounds(
        _ shelves: [ShelfName],
        on console: Console,
        _ edit: (ShelfName) throws(CommandFailure) -> Bool
    ) throws(CommandFailure) {
        var progress = FleetProgress(of: shelves.count, "shelves", on: console)
        defer { progress.end() }
        var rest = shelves
        for round in 0..<SecondLook.rounds where !rest.isEmpty {
            if round > 0 { Pause.sleep(SecondLook.pause) }
            var unsure: [ShelfName] = []
            for shelf in rest {
                if try !edit(shelf) { unsure.append(shelf) }
                if round == 0 { progress.advance() }
            }
            rest = unsure
        }
        if let shelf = rest.first { throw .overtaken(DepotObject.index(shelf).path) }
    }
}
