package import Grants

/// A change of an index by a publisher (docs/PROTOCOL.depot, section 9).
package struct ShelfEdit: Hashable, Sendable {
    /// The bytes of an index that are kept for revocations.
    package static let keptForRevocations = 64 << 10

    /// The facts that a publisher knows of the file behind a line.
    package struct Knowledge: Hashable, Sendable {
        package let file: PostedFile
        /// The moment from which the line may go.
        package let listedUntil: Moment?

        package init(_ file: PostedFile, posted: Moment?) {
            self.file = file
            listedUntil = file.listedUntil(posted: posted)
        }
    }

    /// A file to be listed.
    package struct Addition: Hashable, Sendable {
        package let line: ShelfLine
        package let closes: Bool

        package init(_ line: ShelfLine, closes: Bool) {
            (self.line, self.closes) = (line, closes)
        }
    }

    /// The new lines of the index.
    package private(set) var lines: [ShelfLine] = []
    /// The lines that are left out because their files are over.
    package private(set) var dropped: [ShelfLine] = []
    /// The lines that are taken off because a publisher withdraws their files.
    package private(set) var removed: [ShelfLine] = []
    /// The additions that the index has no room for.
    package private(set) var refused: [Addition] = []

    /// Adds files to an index, the newest first, takes others off, and leaves out the lines that are
    /// over at `now`.
    package init(
        of index: [ShelfLine],
        adding additions: [Addition],
        removing removals: Set<ObjectDigest> = [],
        knowing known: [ObjectDigest: Knowledge],
        at now: Moment
    ) {
        let added = Set(additions.map(\.line.digest))
        let present = Set(index.map(\.digest))
        let isOver = { (line: ShelfLine) in
            !added.contains(line.digest)
                && known[line.digest]?.listedUntil.map { $0 <= now } ?? false
        }
        let isRemoved = { (line: ShelfLine) in
            removals.contains(line.digest) && !added.contains(line.digest)
        }
        let kept = index.filter { !isOver($0) && !isRemoved($0) }
        removed = index.filter(isRemoved)
        dropped = index.filter { isOver($0) && !isRemoved($0) }
        let closing = Self.closing(kept, known, additions)
        let news = additions.filter { !present.contains($0.line.digest) }
        var (revocations, others) = (
            kept.filter(closing.contains), kept.filter { !closing.contains($0) }
        )
        for addition in news.reversed() where addition.closes {
            add(addition, to: &revocations, beside: others, limit: ShelfIndex.limit)
        }
        for addition in news.reversed() where !addition.closes {
            let limit = ShelfIndex.limit - max(Self.length(revocations), Self.keptForRevocations)
            add(addition, to: &others, beside: [], limit: limit)
        }
        lines = revocations + others
    }

    /// True if the index is other than it was.
    package func changes(_ index: [ShelfLine]) -> Bool { lines != index }

    /// The new index.
    package var bytes: [UInt8] { lines.flatMap { Array($0.text.utf8) } }

    private mutating func add(
        _ addition: Addition,
        to lines: inout [ShelfLine],
        beside others: [ShelfLine],
        limit: Int
    ) {
        guard Self.length(lines) + Self.length(others) + addition.line.length <= limit else {
            return refused.append(addition)
        }
        lines.insert(addition.line, at: 0)
    }

    private static func length(_ lines: [ShelfLine]) -> Int { lines.reduce(0) { $0 + $1.length } }

    /// The lines of revocations: of files that are known, and before the last of them also of those
    /// that are not.
    private static func closing(
        _ lines: [ShelfLine],
        _ known: [ObjectDigest: Knowledge],
        _ additions: [Addition]
    ) -> Set<ShelfLine> {
        let own = additions.reduce(into: [:]) { $0[$1.line.digest] = $1.closes }
        let kinds = lines.map { own[$0.digest] ?? known[$0.digest]?.file.closes }
        let last = kinds.lastIndex(of: true) ?? -1
        return Set(lines.indices.filter { kinds[$0] ?? ($0 < last) }.map { lines[$0] })
    }
}
