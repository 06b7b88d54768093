import CommandSupport
import Depot
import Grants
import HubSettings
import Linux
import Publishing

/// The static depot of `publish`, on a queue of its own: its requests block, and wait for nothing else.
actor StaticDepot {
    /// The files that are looked for at a time.
    private static let portion = 64

    /// The fate of an object.
    enum Outcome: Hashable, Sendable {
        /// The depot has it; `found` is the digest of what was there before. `isSure` is false if the depot
        /// cannot tell that an object has changed, so that a second look is due.
        case done(found: String?, isSure: Bool)
        /// The depot may lack these files, which the index names; there may be more.
        case lacks([ObjectDigest])
        /// A later bulletin is there.
        case newer
    }

    private nonisolated let executor = EngineExecutor(label: "static-depot")
    private let store: any DepotStore
    private nonisolated let stopPipe: StopPipe

    nonisolated let name: String

    nonisolated var unownedExecutor: UnownedSerialExecutor {
        unsafe executor.asUnownedSerialExecutor()
    }

    /// Opens the depot; nothing is asked yet.
    init(_ publish: HubConfiguration.Publish) throws(HubFailure) {
        stopPipe = try StopPipe()
        var files = DepotFiles()
        (files.authorities, files.certificate) = (publish.authorities, publish.certificate)
        files.credentials = publish.credentials
        do throws(CommandFailure) {
            store = try DepotStores.open(
                publish.place,
                as: files,
                agent: "jitgate-hub/\(Release.version)",
                patience: 0,
                stoppingAt: stopPipe.descriptor
            )
        } catch {
            throw HubFailure(.configuration, error.message)
        }
        name = store.name
    }

    /// Ends the request under way, and all that come later.
    nonisolated func stop() { stopPipe.end() }

    /// Puts an index or the bulletin, unless the depot has it.
    ///
    /// The files in `present` are known to be there; if `isThorough`, those of lines that are there already may be
    /// missing. After `end` nothing is begun that writes.
    func put(
        _ bytes: [UInt8],
        at object: DepotObject,
        present: Set<ObjectDigest>,
        isThorough: Bool,
        until end: ContinuousClock.Instant,
        unlessNewer isNewer: @Sendable ([UInt8]) -> Bool
    ) throws(CommandFailure) -> Outcome {
        var outcome = Outcome.done(found: nil, isSure: true)
        let isSure = try store.edit(object) { old throws(CommandFailure) in
            let found = old.map { StoredDepotObject($0.bytes).digest }
            outcome = .done(found: found, isSure: true)
            if case .bulletin = object, let old, old.bytes != bytes, isNewer(old.bytes) {
                outcome = .newer
                return nil
            }
            let there = present.union(isThorough ? [] : Self.files(old?.bytes ?? []))
            let missing = Self.files(bytes).filter { !there.contains($0) }
            guard case .index = object, !missing.isEmpty else {
                guard old?.bytes != bytes else { return nil }
                guard ContinuousClock.now < end else {
                    throw CommandFailure(.temporary, "it took too long to write to it")
                }
                return bytes
            }
            outcome = .lacks(Array(missing.prefix(Self.portion)))
            return nil
        }
        guard case .done(let found, _) = outcome else { return outcome }
        return .done(found: found, isSure: isSure)
    }

    /// Returns whether the depot has a file, whole.
    func has(_ digest: ObjectDigest) throws(CommandFailure) -> Bool {
        guard let bytes = try store.read(.file(digest))?.bytes else { return false }
        guard StoredDepotObject(bytes).digest == digest.description else { return false }
        try store.examine(by: .file(digest), bytes)
        return true
    }

    func put(_ bytes: [UInt8], as digest: ObjectDigest) throws(CommandFailure) {
        try store.write(bytes, to: .file(digest))
        try store.examine(by: .file(digest), bytes)
    }

    /// The files that an index names, in their order; what is no index names none.
    private static func files(_ bytes: [UInt8]) -> [ObjectDigest] {
        (try? ShelfIndex(parsing: bytes))?.lines.map(\.digest) ?? []
    }
}
