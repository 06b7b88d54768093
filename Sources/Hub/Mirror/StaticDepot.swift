import CommandSupport
import Depot
import Grants
import HubSettings
import Linux
import Publishing
import SystemPackage

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
    /// A pipe whose bytes end requests.
    private nonisolated let stopped: FileDescriptor
    private nonisolated let stopping: FileDescriptor

    nonisolated let name: String

    nonisolated var unownedExecutor: UnownedSerialExecutor {
        unsafe executor.asUnownedSerialExecutor()
    }

    /// Opens the depot; nothing is asked yet.
    init(_ publish: HubConfiguration.Publish) throws(HubFailure) {
        let ends: (reading: FileDescriptor, writing: FileDescriptor)
        do throws(Errno) {
            ends = try Self.pipe()
        } catch {
            throw HubFailure(.system, "no pipe can be made: \(error)")
        }
        (stopped, stopping) = ends
        var files = DepotFiles()
        (files.authorities, files.certificate) = (publish.authorities, publish.certificate)
        files.credentials = publish.credentials
        do throws(CommandFailure) {
            store = try DepotStores.open(
                publish.place,
                as: files,
                agent: "jitgate-hub/\(Release.version)",
                patience: 0,
                stoppingAt: ends.reading.rawValue
            )
        } catch {
            throw HubFailure(.configuration, error.message)
        }
        name = store.name
    }

    deinit {
        for end in [stopped, stopping] { try? end.close() }
    }

    private static func pipe() throws(Errno) -> (FileDescriptor, FileDescriptor) {
        do {
            let ends = try FileDescriptor.pipe()
            return (ends.readEnd, ends.writeEnd)
        } catch {
            throw error as? Errno ?? .ioError
        }
    }

    /// Ends the request under way, and all that come later.
    nonisolated func stop() {
        _ = try? stopping.writeAll([0])
    }

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
