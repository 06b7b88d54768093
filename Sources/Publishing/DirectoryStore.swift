package import CommandSupport
package import Depot
package import Grants
import Linux
import SystemPackage

/// A depot that is a directory.
package final class DirectoryStore: DepotStore {
    package let name: String
    package let time: Moment? = nil
    package let isConditional: Bool? = true

    package init(_ path: String) {
        name = path
    }

    package func read(_ object: DepotObject) throws(CommandFailure) -> StoredObject? {
        let path = path(object)
        do throws(Errno) {
            let bytes = try SmallFile.read(path, limit: object.limit, awaiting: false)
            let identity = try FileIdentity.of(path)
            let modified = identity.map { Moment(microseconds: $0.modifiedNanoseconds / 1000) }
            return StoredObject(bytes: bytes, modified: modified)
        } catch .noSuchFileOrDirectory {
            try CommandFailure.requireDirectory(name)
            return nil
        } catch {
            throw Self.failure(path, error, isReading: true)
        }
    }

    package func write(_ bytes: [UInt8], to object: DepotObject) throws(CommandFailure) {
        let path = path(object)
        do throws(Errno) {
            try DirectoryCreation.create(object.folder, below: name)
            try AtomicFile.replace(path, with: bytes, mode: 0o644)
        } catch {
            throw Self.failure(path, error, isReading: false)
        }
    }

    package func examine(by object: DepotObject, _ bytes: [UInt8]) {}

    package func edit(
        _ object: DepotObject,
        _ change: (StoredObject?) throws(CommandFailure) -> [UInt8]?
    ) throws(CommandFailure) -> Bool {
        let lock = try lock(object)
        if let bytes = try change(try read(object)) { try write(bytes, to: object) }
        _ = consume lock
        return true
    }

    /// The lock on the directory of an object.
    private func lock(_ object: DepotObject) throws(CommandFailure) -> FileLock {
        let path = "\(name)/\(object.folder)/.lock"
        do throws(Errno) {
            try DirectoryCreation.create(object.folder, below: name)
            return try FileLock.acquire(path)
        } catch {
            throw Self.failure(path, error, isReading: false)
        }
    }

    private func path(_ object: DepotObject) -> String { "\(name)/\(object.path)" }

    private static func failure(_ path: String, _ error: Errno, isReading: Bool) -> CommandFailure {
        switch error {
        case .permissionDenied, .readOnlyFileSystem:
            CommandFailure(.noPermission, "\(path): \(error)")
        case .noSuchFileOrDirectory: CommandFailure(.noInput, "\(path): \(error)")
        default: CommandFailure(isReading ? .inputOutput : .cannotCreate, "\(path): \(error)")
        }
    }
}

extension CommandFailure {
    /// A depot or a memory that is not there is not an empty one.
    package static func requireDirectory(_ path: String, hint: String = "make it")
        throws(CommandFailure)
    {
        guard FileAccess.exists(path) else {
            throw CommandFailure(
                .noInput,
                "\(path): there is no such directory",
                hints: ["\(hint): mkdir \(path)"]
            )
        }
    }
}

extension DepotObject {
    /// The directory that it lies in, below the depot.
    fileprivate var folder: String {
        path.lastIndex(of: "/").map { String(path[..<$0]) } ?? ""
    }
}
