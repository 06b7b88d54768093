package import Transparency

/// Checks lines one after the other against the signed checkpoint, and says where they differ.
///
/// It knows a line by its hash among leaves that add up to a signed root; without such leaves by
/// the number that it carries, and then only the root of all lines says whether they are right.
package struct LogVerifier: Sendable {
    /// A log of millions does not say a million times what it has said.
    private static let flawLimit = 1000

    /// The number of records that are signed.
    private var size: UInt64
    private var leaves: [TreeHash]?
    /// The number of the oldest record that was not pruned.
    private let first: UInt64
    /// The number of the record that belongs next.
    package private(set) var next: UInt64
    package private(set) var flaws: [LogFlaw] = []
    /// The roots over the numbers of lines that were asked for, if there are no leaves.
    package private(set) var roots: [UInt64: TreeHash] = [:]
    private var watched: Set<UInt64>
    private var tree = MerkleTree()
    /// Lines since the last record that are none.
    private var unknown: UInt64 = 0
    private var missing: [Range<UInt64>] = []
    /// The place of each leaf; made when the first line is out of place.
    private var places: [TreeHash: UInt64]?

    /// `first` is the number of the oldest record that was not pruned.
    package init(
        signed size: UInt64,
        leaves: [TreeHash]?,
        from first: UInt64,
        watching sizes: [UInt64] = []
    ) {
        self.size = size
        self.leaves = leaves.flatMap { $0.count >= size ? $0 : nil }
        self.first = first
        next = first
        watched = Set(sizes)
        if watched.contains(0) { roots[0] = .empty }
    }

    /// True if everything that is signed was found, and nothing follows it so far.
    package var hasAllSigned: Bool { next == size && unknown == 0 }

    /// More is signed than was known; leaves, if there were any, are known for all of it.
    package mutating func extend(to size: UInt64, leaves: [TreeHash]?) {
        if self.leaves != nil {
            guard let leaves, leaves.count >= size else { return }
            self.leaves = leaves
            places = nil
        }
        self.size = size
        watched.insert(size)
    }

    /// Takes the next line, without its line feed.
    ///
    /// - Returns: the record, if it is one that was signed.
    package mutating func take(_ line: ArraySlice<UInt8>) -> Record? {
        let leaf = TreeHash.leaf(line)
        guard let leaves else { return takeByNumber(line, leaf) }
        let isNext = unknown == 0 && next < size && leaves[Int(next)] == leaf
        guard let place = isNext ? next : place(of: leaf) else {
            unknown += 1
            return nil
        }
        put(at: place)
        do throws(RecordError) {
            let record = try Record(parsing: line)
            guard record.sequence != place else { return record }
            throw RecordError(description: "its JITGATE_SEQ is \(record.sequence)")
        } catch {
            add(.malformed, place, "record \(place) was signed as it is, but: \(error)")
            return nil
        }
    }

    private mutating func takeByNumber(_ line: ArraySlice<UInt8>, _ leaf: TreeHash) -> Record? {
        tree.append(leaf)
        if watched.contains(tree.size) { roots[tree.size] = tree.root }
        // A number far away is no number of this log.
        guard let record = try? Record(parsing: line),
            record.sequence == next || record.sequence < size
        else {
            unknown += 1
            return nil
        }
        put(at: record.sequence)
        return record
    }

    private mutating func place(of leaf: TreeHash) -> UInt64? {
        if places == nil {
            var all: [TreeHash: UInt64] = [:]
            for (index, leaf) in (leaves ?? []).prefix(Int(size)).enumerated() {
                all[leaf] = UInt64(index)
            }
            places = all
        }
        return places?[leaf]
    }

    /// The record `place` came after the record before `next` and `unknown` lines.
    private mutating func put(at place: UInt64) {
        if place >= next {
            explain(next..<place)
            next = place + 1
        } else if findMissing(place) {
            add(.swapped, place, "record \(place) stands behind record \(next - 1)")
        } else {
            add(.repeated, place, "record \(place) stands again behind record \(next - 1)")
        }
    }

    /// Takes a record off the missing ones; returns false if it was not missing.
    private mutating func findMissing(_ place: UInt64) -> Bool {
        guard let index = missing.firstIndex(where: { $0.contains(place) }) else { return false }
        let gap = missing.remove(at: index)
        let rest = [gap.lowerBound..<place, place + 1..<gap.upperBound].filter { !$0.isEmpty }
        missing.insert(contentsOf: rest, at: index)
        return true
    }

    /// Between two records stand `unknown` lines, where the records of `gap` belong.
    private mutating func explain(_ gap: Range<UInt64>) {
        defer { unknown = 0 }
        if unknown == 0 {
            if !gap.isEmpty, missing.count < Self.flawLimit { missing.append(gap) }
        } else if gap.isEmpty {
            let lines =
                unknown == 1
                ? "a line that is no record stands" : "\(unknown) lines that are no records stand"
            add(.inserted, gap.lowerBound, "\(lines) before record \(gap.lowerBound)")
        } else {
            let verb = gap.count == 1 ? "was" : "were"
            let lines = unknown == gap.count ? "" : "; in their place there are \(unknown) lines"
            add(.edited, gap.lowerBound, "\(LogFlaw.name(gap)) \(verb) edited\(lines)")
        }
    }

    private mutating func add(_ kind: LogFlaw.Kind, _ record: UInt64, _ text: String) {
        if flaws.count < Self.flawLimit { flaws.append(LogFlaw(kind, at: record, text)) }
    }

    /// All lines were taken.
    package mutating func finish() {
        if next < size, unknown > 0 {
            explain(next..<size)
        } else if next < size {
            add(.cut, next, "the log ends before record \(next), and \(size) are signed")
        } else if next - max(first, size) + unknown > 0 {
            let count = next - max(first, size) + unknown
            let lines = count == 1 ? "a line" : "\(count) lines"
            add(.extended, size, "\(lines) at the end, from record \(size) on, no checkpoint signs")
        }
        // Of a log that goes on retention leaves the last record at least.
        if size > 0, first >= size {
            let text = "not even record \(size - 1) is here: the log begins with record \(first)"
            add(.cut, size - 1, text)
        }
        for gap in missing {
            let verb = gap.count == 1 ? "is" : "are"
            add(.missing, gap.lowerBound, "\(LogFlaw.name(gap)) \(verb) missing")
        }
        missing = []
        flaws.sort(by: LogFlaw.isBefore)
    }
}
