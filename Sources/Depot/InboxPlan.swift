/// The files that an inbox should hold by the indexes, and those that it holds (docs/PROTOCOL.depot, section 7).
package struct InboxPlan: Sendable {
    /// Files in an inbox; the agent reads 4,096 names.
    package static let fileLimit = 4000
    /// Bytes in an inbox.
    package static let byteLimit = 64 << 20
    /// Files that are brought in one round; then the indexes are asked for again.
    package static let filesPerRound = 64
    /// The time that a file stays after the last index named it.
    package static let unlistedFor: Duration = .seconds(24 * 3600)

    private struct Retry {
        var failures = 0
        var resting: Duration = .zero
    }

    /// The files that the inbox holds, with their sizes.
    package private(set) var held: [ObjectDigest: Int]
    package private(set) var heldBytes: Int
    private var listed: [ShelfName: [ObjectDigest]] = [:]
    /// The files that the inbox should hold, the most urgent first.
    private var wanted: [ObjectDigest] = []
    private var unlistedSince: [ObjectDigest: Duration] = [:]
    private var retries: [ObjectDigest: Retry] = [:]

    /// Begins with the files that an inbox holds.
    package init(held: [ObjectDigest: Int]) {
        self.held = held
        heldBytes = held.values.reduce(0, +)
    }

    /// The number of files that an index names and the inbox lacks.
    package var missing: Int { wanted.count { held[$0] == nil } }

    package func fileCount(of shelf: ShelfName) -> Int? { listed[shelf]?.count }

    /// Notes the offers of a shelf from now on; an absent one offers nothing.
    package mutating func list(_ digests: [ObjectDigest], on shelf: ShelfName) {
        guard listed[shelf] != digests else { return }
        listed[shelf] = digests
        wanted = Self.merged(
            listed.keys.sorted { $0.description < $1.description }.compactMap { listed[$0] }
        )
        let wanted = Set(wanted)
        retries = retries.filter { wanted.contains($0.key) }
    }

    /// Forgets the shelves that are not read any more, such as that of a former host name.
    package mutating func keepOnly(_ shelves: [ShelfName]) {
        let gone = listed.keys.filter { !shelves.contains($0) }
        for shelf in gone {
            list([], on: shelf)
            listed[shelf] = nil
        }
    }

    /// The files to ask for now: first those that have not failed, in the order of the indexes.
    package func nextFiles(at now: Duration) -> [ObjectDigest] {
        var fresh: [ObjectDigest] = []
        var failed: [ObjectDigest] = []
        for digest in wanted where held[digest] == nil {
            guard let retry = retries[digest] else {
                fresh.append(digest)
                if fresh.count == Self.filesPerRound { return fresh }
                continue
            }
            if retry.resting <= now { failed.append(digest) }
        }
        return Array((fresh + failed).prefix(Self.filesPerRound))
    }

    /// The file to remove so that another has room; `nil` if there is room, or nothing to remove.
    package func makeRoom() -> ObjectDigest? {
        hasRoom
            ? nil
            : unlistedSince.min { ($0.value, $0.key.description) < ($1.value, $1.key.description) }?
                .key
    }

    /// True if one more file of any size fits.
    package var hasRoom: Bool {
        held.count < Self.fileLimit && heldBytes + DepotObject.fileLimit <= Self.byteLimit
    }

    package mutating func stored(_ digest: ObjectDigest, size: Int) {
        heldBytes += size - (held.updateValue(size, forKey: digest) ?? 0)
        retries[digest] = nil
    }

    package mutating func failed(
        _ digest: ObjectDigest,
        at now: Duration,
        using random: inout some RandomNumberGenerator
    ) {
        var retry = retries[digest] ?? Retry()
        retry.failures = min(retry.failures + 1, 1 << 20)
        retry.resting = now + Cadence.pause(afterFailures: retry.failures, using: &random)
        retries[digest] = retry
    }

    package mutating func removed(_ digest: ObjectDigest) {
        heldBytes -= held.removeValue(forKey: digest) ?? 0
        unlistedSince[digest] = nil
    }

    /// The files that no index has named for long enough.
    ///
    /// Call it once a round. `isComplete` says whether every shelf has been read: until then
    /// nothing counts as unlisted, as the index that names it may be the missing one.
    package mutating func outdated(at now: Duration, isComplete: Bool) -> [ObjectDigest] {
        guard isComplete else {
            unlistedSince = [:]
            return []
        }
        let wanted = Set(wanted)
        unlistedSince = held.keys.filter { !wanted.contains($0) }
            .reduce(into: [:]) { $0[$1] = unlistedSince[$1] ?? now }
        return unlistedSince.filter { now - $0.value >= Self.unlistedFor }.keys
            .sorted { $0.description < $1.description }
    }

    /// The first lines of all indexes, then their second ones, and so on, as many as fit.
    static func merged(_ indexes: [[ObjectDigest]]) -> [ObjectDigest] {
        var seen: Set<ObjectDigest> = []
        var merged: [ObjectDigest] = []
        for line in 0..<(indexes.map(\.count).max() ?? 0) {
            for index in indexes where line < index.count && seen.insert(index[line]).inserted {
                merged.append(index[line])
                if merged.count == fileLimit { return merged }
            }
        }
        return merged
    }
}
