import Grants
import Linux

/// The names of an inbox that wait to be read, within bounds.
///
/// Names from events go before names from a listing, and of those the newest and the oldest in
/// turn: a good file is read soon, whatever came before or after it.
struct OfferQueue {
    /// The most names that wait, and the most files that are remembered as read.
    static let bound = 4096

    private enum Lane {
        case newest, oldest, listed
    }

    private var waiting: Set<String> = []
    /// True if the bulletin waits: it is read before all else, and nothing takes its place.
    private var hasBulletin = false
    /// In the order of their coming; those that do not wait any more are skipped.
    private var arrivals: ArraySlice<String> = []
    /// The last one is next.
    private var listed: [String] = []
    private var lane = Lane.newest
    /// The files that were read, each in the state it was in.
    private var read: [String: FileIdentity] = [:]
    /// True if there were more names than the bound since the last listing.
    private(set) var isOverfull = false
    /// True if a name had to go for another one since the last listing.
    private(set) var hasDropped = false

    var isEmpty: Bool { waiting.isEmpty && !hasBulletin }
    var count: Int { waiting.count }

    /// A file arrived, or another one under its name.
    mutating func add(_ name: String) {
        guard name != Bulletin.fileName else { return hasBulletin = true }
        guard !waiting.contains(name) else { return }
        if waiting.count >= Self.bound { makeRoom() }
        waiting.insert(name)
        arrivals.append(name)
        guard arrivals.count > 2 * Self.bound else { return }
        arrivals = ArraySlice(arrivals.filter(waiting.contains))
    }

    /// Drops a name, but never the last one that came: of the listed names the oldest, or one that
    /// came in the middle.
    private mutating func makeRoom() {
        (isOverfull, hasDropped) = (true, true)
        while !listed.isEmpty {
            if waiting.remove(listed.removeFirst()) != nil { return }
        }
        let middle = arrivals.startIndex + arrivals.count / 2
        guard let place = arrivals[middle...].firstIndex(where: waiting.contains) else { return }
        waiting.remove(arrivals.remove(at: place))
    }

    /// A file is gone.
    mutating func remove(_ name: String) {
        if name == Bulletin.fileName { hasBulletin = false }
        waiting.remove(name)
        read[name] = nil
    }

    /// Takes these, the newest first, for all names that there are; `areMore` says that some were left out.
    mutating func list(_ names: [String], areMore: Bool) {
        let known = Set(names + [Bulletin.fileName])
        read = read.filter { known.contains($0.key) }
        arrivals = ArraySlice(arrivals.filter { waiting.contains($0) && known.contains($0) })
        listed = names.prefix(Self.bound).reversed()
        waiting = Set(listed).union(arrivals)
        isOverfull = areMore || names.count > Self.bound
        hasDropped = false
    }

    /// Has every file read again, whatever its state.
    mutating func forgetAll() { read = [:] }

    /// Returns true if a file was read in this very state.
    func hasRead(_ name: String, _ state: FileIdentity) -> Bool { read[name] == state }

    /// A file was read, in this state.
    mutating func note(_ name: String, _ state: FileIdentity) {
        // A forgotten file is read once more when the directory is listed.
        if read.count >= Self.bound, read[name] == nil { read = [:] }
        read[name] = state
    }

    /// Takes the name whose turn it is.
    mutating func next() -> String? {
        if hasBulletin {
            hasBulletin = false
            return Bulletin.fileName
        }
        while !waiting.isEmpty {
            let name: String?
            switch lane {
            case .newest: (name, lane) = (arrivals.popLast(), .oldest)
            case .oldest: (name, lane) = (arrivals.popFirst(), .listed)
            case .listed: (name, lane) = (listed.popLast(), .newest)
            }
            if let name, waiting.remove(name) != nil { return name }
        }
        (arrivals, listed) = ([], [])
        return nil
    }
}

/// The pace at which offers are read: files and bytes in any second.
struct ReadingRate {
    static let files = 100
    static let bytes = 10 << 20
    private static let second: Int64 = 1_000_000

    /// The reads of the last second, in microseconds of a clock that never goes back.
    private var reads: ArraySlice<(at: Int64, bytes: Int)> = []

    /// The moment from which on a file may be read: at once if that has come.
    mutating func next(at now: Int64) -> Int64 {
        while let first = reads.first, first.at + Self.second <= now { reads.removeFirst() }
        var size = reads.reduce(0) { $0 + $1.bytes }
        var count = reads.count
        var due = now
        for read in reads where count >= Self.files || size + GrantIntake.fileLimit > Self.bytes {
            (size, count, due) = (size - read.bytes, count - 1, read.at + Self.second)
        }
        return due
    }

    /// A file was read.
    mutating func add(_ bytes: Int, at now: Int64) { reads.append((now, bytes)) }
}
