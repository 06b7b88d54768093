import Depot
import Hummingbird
import HubStorage

/// The shelves of the depot in memory, and those who wait for a change of them.
///
/// The digests of all shelves are here, so that a long poll of nothing new asks no store; the bytes of an index
/// are read when they are asked for, and kept within bounds.
actor ShelfBoard {
    /// The longest wait of a long poll.
    static let longestWait: Duration = .seconds(60)
    /// The bytes of indexes that are kept.
    private static let mostBytes = 64 << 20
    /// The digest of an index without lines.
    private static let emptyDigest = StoredDepotObject([]).digest

    private let database: any Database
    private var digests: [ShelfName: String] = [:]
    private var contents: [ShelfName: (digest: String, content: ShelfContent)] = [:]
    private var bytesKept = 0
    private var waiters = ShelfWaiters()
    private var lastID: UInt64 = 0
    private var ticker: (second: Int64, task: Task<Void, Never>)?
    private var isClosed = false
    private let begun = ContinuousClock.now

    init(_ database: any Database) {
        self.database = database
    }

    /// The number of long polls that wait.
    var waiting: Int { waiters.count }

    // MARK: changes

    /// Takes what has changed in the store.
    func follow(_ news: ChangeFeed.News) async throws(StorageError) {
        switch news {
        case .everything: try await readAll()
        case .changes(let changes):
            let names = changes.filter { $0.topic == .shelf }.compactMap { ShelfName($0.name) }
            for name in Set(names) { try await read(name) }
        }
    }

    private func readAll() async throws(StorageError) {
        let all = try await database.read { statements throws(StorageError) in
            try DepotRecords(statements).shelfDigests()
        }
        let changed = Set(all.keys).union(digests.keys).filter { all[$0] != digests[$0] }
        digests = all
        for name in changed { waiters.wake(name) }
    }

    /// Reads a shelf that has changed, whose waiters want its bytes at once.
    private func read(_ name: ShelfName) async throws(StorageError) {
        let stored = try await stored(name)
        digests[name] = stored?.digest
        if let stored { keep(ShelfContent(stored.bytes), stored.digest, of: name) }
        waiters.wake(name)
    }

    private func stored(_ name: ShelfName) async throws(StorageError) -> StoredDepotObject? {
        try await database.read { statements throws(StorageError) in
            try DepotRecords(statements).shelf(name)
        }
    }

    private func keep(_ content: ShelfContent, _ digest: String, of name: ShelfName) {
        bytesKept += content.length - (contents[name]?.content.length ?? 0)
        if bytesKept > Self.mostBytes { (contents, bytesKept) = ([:], content.length) }
        contents[name] = (digest, content)
    }

    /// Ends all long polls, and lets none wait from now on.
    func close() {
        isClosed = true
        ticker?.task.cancel()
        waiters.wakeAll()
    }

    // MARK: answers

    /// Returns true if something was ever put on a shelf.
    func has(_ name: ShelfName) -> Bool { digests[name] != nil }

    /// Returns the index of shelves: at once, or if the host has it under `tags`, when it has changed
    /// or the wait is over.
    func answer(
        _ names: [ShelfName],
        unless tags: [String],
        wait: Duration
    ) async throws(StorageError) -> ShelfAnswer {
        // The second that has begun does not count, so that nobody waits for less.
        let end = second + 1 + min(wait, Self.longestWait).components.seconds
        while tags.contains(tag(of: names)) {
            guard wait > .zero, second < end, !isClosed, !Task.isCancelled else {
                return ShelfAnswer(tag: tag(of: names), parts: nil)
            }
            await waitForChange(of: names, until: end)
        }
        return try await current(names)
    }

    private func tag(of names: [ShelfName]) -> String {
        ShelfAnswer.tag(names.map { ($0, digests[$0] ?? Self.emptyDigest) })
    }

    private func current(_ names: [ShelfName]) async throws(StorageError) -> ShelfAnswer {
        var shelves: [(name: ShelfName, digest: String)] = []
        var (closing, others): ([ByteBuffer], [ByteBuffer]) = ([], [])
        for name in names {
            let (digest, content) = try await content(of: name)
            shelves.append((name, digest))
            closing.append(content.closing)
            others.append(content.others)
        }
        return ShelfAnswer(tag: ShelfAnswer.tag(shelves), parts: closing + others)
    }

    private func content(
        of name: ShelfName
    ) async throws(StorageError) -> (digest: String, content: ShelfContent) {
        guard let digest = digests[name] else { return (Self.emptyDigest, .empty) }
        if let kept = contents[name], kept.digest == digest { return kept }
        guard let stored = try await stored(name) else { return (Self.emptyDigest, .empty) }
        let content = ShelfContent(stored.bytes)
        // While it was read the shelf may have changed, and been read by its follower.
        if digests[name] == stored.digest { keep(content, stored.digest, of: name) }
        return (stored.digest, content)
    }
}

// MARK: waiting

extension ShelfBoard {
    /// The time since the start in seconds.
    private var second: Int64 { (ContinuousClock.now - begun).components.seconds }

    private func waitForChange(of names: [ShelfName], until end: Int64) async {
        lastID += 1
        let id = lastID
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                waiters.add(id, for: names, until: end, continuation)
                tick(by: end)
                if Task.isCancelled { waiters.end(id) }
            }
        } onCancel: {
            Task { await self.cancel(id) }
        }
    }

    private func cancel(_ id: UInt64) {
        waiters.end(id)
    }

    /// Sees to it that waiters end in a second; there is one timer while there are waiters, and none without.
    private func tick(by second: Int64) {
        if let ticker, ticker.second <= second { return }
        ticker?.task.cancel()
        let until = begun + .seconds(second)
        let task = Task {
            try? await Task.sleep(until: until, clock: .continuous)
            if !Task.isCancelled { self.passed() }
        }
        ticker = (second, task)
    }

    private func passed() {
        ticker = nil
        waiters.wake(until: second)
        if let next = waiters.nextEnd { tick(by: next) }
    }
}
