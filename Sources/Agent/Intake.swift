import Grants

/// Files that wait to be read, a portion at a time, so that they never hold up what is due.
///
/// Files from events go before files from a listing, and of those the newest and the oldest in
/// turn: a good file is taken soon, whatever came before or after it, and each file is taken in the
/// end.
struct Intake {
    /// A file that is to be read.
    struct Item: Hashable {
        let path: String
        /// It may have lain there for long.
        let isListed: Bool
        /// Its former names, whose grants end when its content is known.
        let origins: Set<String>
    }

    private enum Lane: CaseIterable {
        case newest, oldest, newestAgain, listed
    }

    /// The former names of each file that waits.
    private var waiting: [String: Set<String>] = [:]
    /// In the order of their coming; those that do not wait any more are skipped.
    private var arrivals: ArraySlice<String> = []
    /// The last one is next.
    private var listed: [String] = []
    private var lane = Lane.newest
    /// All files that are there, while they are listed and not all are read.
    private(set) var seen: Set<String>?
    /// The number of listed files that have to be read before anything else is done.
    private(set) var owed = 0
    /// Grants whose files were seen to go.
    var withdrawn: Set<GrantID> = []
    /// True if a turn will come by itself.
    var isTurnDue = false
    /// True while files that could not be read are tried again.
    var isRetrying = false

    var isEmpty: Bool { waiting.isEmpty }
    var isScanning: Bool { seen != nil }
    var count: Int { waiting.count }

    /// A file arrived; `origins` are names that it had before.
    mutating func add(_ path: String, renamedFrom origin: String? = nil) {
        var origins = waiting[path] ?? []
        if let origin {
            origins.insert(origin)
            origins.formUnion(waiting.removeValue(forKey: origin) ?? [])
        }
        seen?.insert(path)
        waiting[path] = origins
        arrivals.append(path)
    }

    /// Begins a scan of all that is there, in place of one that goes on; the first `owed` have to be read
    /// at once.
    mutating func list(_ paths: [String], owed: Int) {
        let arriving = Set(arrivals)
        for path in listed where !arriving.contains(path) { waiting[path] = nil }
        for path in paths where waiting[path] == nil { waiting[path] = [] }
        listed = paths.reversed()
        seen = Set(paths)
        self.owed = owed
    }

    /// Lets files that are known wait again.
    mutating func retry(_ paths: some Sequence<String>) {
        for path in paths where waiting[path] == nil {
            waiting[path] = []
            listed.append(path)
        }
        isRetrying = true
    }

    /// A file is gone; returns the names it had before.
    mutating func remove(_ path: String) -> Set<String> {
        seen?.remove(path)
        return waiting.removeValue(forKey: path) ?? []
    }

    /// Takes those of these that wait.
    mutating func take(_ paths: [String]) -> [Item] {
        paths.compactMap { path in
            waiting.removeValue(forKey: path).map {
                Item(path: path, isListed: false, origins: $0)
            }
        }
    }

    /// Takes the file whose turn it is.
    mutating func next() -> Item? {
        for _ in Lane.allCases {
            let item =
                switch owed > 0 ? .listed : lane {
                case .newest, .newestAgain: takeArrival { $0.popLast() }
                case .oldest: takeArrival { $0.popFirst() }
                case .listed: takeListed()
                }
            switch lane {
            case .newest: lane = .oldest
            case .oldest: lane = .newestAgain
            case .newestAgain: lane = .listed
            case .listed: lane = .newest
            }
            if let item { return item }
        }
        waiting = [:]
        return nil
    }

    /// Ends the scan once every listed file has been read, and returns all files that it saw.
    mutating func endScanIfDone() -> Set<String>? {
        while let last = listed.last, waiting[last] == nil { listed.removeLast() }
        guard listed.isEmpty, let all = seen else { return nil }
        seen = nil
        owed = 0
        return all
    }

    private mutating func takeArrival(_ pop: (inout ArraySlice<String>) -> String?) -> Item? {
        while let path = pop(&arrivals) {
            guard let origins = waiting.removeValue(forKey: path) else { continue }
            return Item(path: path, isListed: false, origins: origins)
        }
        return nil
    }

    private mutating func takeListed() -> Item? {
        while let path = listed.popLast() {
            owed = max(0, owed - 1)
            guard let origins = waiting.removeValue(forKey: path) else { continue }
            return Item(path: path, isListed: true, origins: origins)
        }
        owed = 0
        return nil
    }
}
