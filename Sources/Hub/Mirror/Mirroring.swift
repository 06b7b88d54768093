import CommandSupport
import Depot
import Grants
import HubStorage

/// The reason why the static depot is not up to date.
enum MirrorError: Error, Hashable, Sendable, CustomStringConvertible {
    case store(StorageError)
    case depot(String)

    var description: String {
        switch self {
        case .store(let error): "\(error)"
        case .depot(let reason): reason
        }
    }
}

/// Brings one object of the static depot up to date: files first, then the index that names them.
struct Mirroring: Sendable {
    /// The fate of an object.
    struct Result: Hashable, Sendable {
        /// The files that are there, as far as they were looked for.
        var present: Set<ObjectDigest> = []
        /// False if the depot cannot tell who else has changed it.
        var isSure = true
        /// True if the depot had not what was put there last.
        var isLost = false
        /// True if the object is not done: there is more to do, or another hub has the lease now.
        var isUnfinished = false
    }

    /// An object as the hub serves it.
    fileprivate struct Current: Sendable {
        let object: StoredDepotObject
        /// The digest that the depot has; empty if that is in doubt, `nil` if it was never put.
        let mirrored: String?
    }

    let depot: StaticDepot
    let database: any Database
    let lease: MirrorLease
    let people: People
    let now: @Sendable () -> Moment

    /// Mirrors an object while this hub has the lease; without a look only if it is behind.
    func mirror(
        _ object: DepotObject,
        isLook: Bool,
        knowing known: Set<ObjectDigest>
    ) async throws(MirrorError) -> Result {
        var result = Result(present: known)
        while true {
            guard let end = try await end() else { return result.unfinished }
            guard let current = try await current(object) else { return result }
            guard isLook || current.mirrored != current.object.digest else { return result }
            let outcome = try await put(
                current,
                at: object,
                present: result.present,
                isThorough: isLook || (current.mirrored ?? "").isEmpty,
                until: end
            )
            switch outcome {
            case .newer:
                try await note(object, current)
                return result
            case .lacks(let digests):
                guard try await supply(digests) else { return result.unfinished }
                result.present.formUnion(digests)
                // What has changed meanwhile comes first.
                if isLook { return result.unfinished }
            case .done(let found, let isSure):
                try await note(object, current)
                result.isSure = isSure
                result.isLost = Self.isLost(found, current)
                return result
            }
        }
    }

    /// Returns true if the depot has neither what was put there last nor what belongs there.
    private static func isLost(_ found: String?, _ current: Current) -> Bool {
        guard let mirrored = current.mirrored, !mirrored.isEmpty else { return false }
        return found != mirrored && found != current.object.digest
    }

    private func put(
        _ current: Current,
        at object: DepotObject,
        present: Set<ObjectDigest>,
        isThorough: Bool,
        until end: ContinuousClock.Instant
    ) async throws(MirrorError) -> StaticDepot.Outcome {
        let (bytes, people, now) = (current.object.bytes, people, now)
        do throws(CommandFailure) {
            return try await depot.put(
                bytes,
                at: object,
                present: present,
                isThorough: isThorough,
                until: end,
                unlessNewer: { there in
                    BulletinRoutes.isNewer(there, than: bytes, by: people.verifier, at: now())
                }
            )
        } catch {
            throw .depot(error.message)
        }
    }

    /// Puts the files that the depot lacks.
    ///
    /// - Returns: false if another hub has the lease.
    private func supply(_ digests: [ObjectDigest]) async throws(MirrorError) -> Bool {
        for digest in digests {
            guard try await end() != nil else { return false }
            do throws(CommandFailure) {
                if try await depot.has(digest) { continue }
            } catch {
                throw .depot(error.message)
            }
            let bytes = try await read { statements throws(StorageError) in
                try DepotRecords(statements).file(digest)
            }
            guard let bytes else { throw .store(.broken("the file \(digest) is missing")) }
            do throws(CommandFailure) {
                try await depot.put(bytes, as: digest)
            } catch {
                throw .depot(error.message)
            }
        }
        return true
    }
}

extension Mirroring.Result {
    fileprivate var unfinished: Self {
        var result = self
        result.isUnfinished = true
        return result
    }
}

// MARK: the store

extension Mirroring {
    func behind() async throws(MirrorError) -> [DepotObject] {
        try await read { statements throws(StorageError) in
            try MirrorRecords(statements: statements).behind()
        }
    }

    func all() async throws(MirrorError) -> [DepotObject] {
        try await read { statements throws(StorageError) in
            try MirrorRecords(statements: statements).all()
        }
    }

    func doubtAll() async throws(MirrorError) {
        let time = now()
        try await write { statements throws(StorageError) in
            try MirrorRecords(statements: statements).doubtAll(at: time)
        }
    }

    /// Forgets what another depot has, if `publish` names a new one.
    func open() async throws(MirrorError) {
        let name = depot.name
        try await write { statements throws(StorageError) in
            try MirrorRecords(statements: statements).open(name)
        }
    }

    func holdsLease() async throws(MirrorError) -> Bool { try await end() != nil }

    func giveBackLease() async throws(MirrorError) {
        do throws(StorageError) { try await lease.giveBack() } catch { throw .store(error) }
    }

    private func end() async throws(MirrorError) -> ContinuousClock.Instant? {
        do throws(StorageError) { return try await lease.hold() } catch { throw .store(error) }
    }

    private func current(_ object: DepotObject) async throws(MirrorError) -> Current? {
        try await read { statements throws(StorageError) in
            let records = DepotRecords(statements)
            let stored: StoredDepotObject? =
                if case .index(let shelf) = object {
                    try records.shelf(shelf)
                } else {
                    try records.object(object.path)
                }
            let mirrored = try MirrorRecords(statements: statements).digest(of: object)
            return stored.map { Current(object: $0, mirrored: mirrored) }
        }
    }

    private func note(_ object: DepotObject, _ current: Current) async throws(MirrorError) {
        let (time, digest) = (now(), current.object.digest)
        guard current.mirrored != digest else { return }
        try await write { statements throws(StorageError) in
            try MirrorRecords(statements: statements).note(object, digest, at: time)
        }
    }

    private func read<Value: Sendable>(
        _ body: @escaping @Sendable (any Statements) throws(StorageError) -> Value
    ) async throws(MirrorError) -> Value {
        do throws(StorageError) { return try await database.read(body) } catch {
            throw .store(error)
        }
    }

    private func write(
        _ body: @escaping @Sendable (any Statements) throws(StorageError) -> Void
    ) async throws(MirrorError) {
        do throws(StorageError) { try await database.write(body) } catch { throw .store(error) }
    }
}
