import Depot
import Glibc
import Linux
import Signatures
import SystemPackage

/// The name by which a hub holds the lease of the static depot.
///
/// It is that of its state directory, so that a hub that was killed need not wait for its own lease; of a state
/// directory that a process uses already, it is one that nobody else has.
final class HubName: Sendable {
    let text: String
    private let file: FileDescriptor?

    /// Locks `STATE/publish.lock` for the life of the process.
    init(state: String) {
        let path = state + "/publish.lock"
        guard let file = Self.locked(path) else {
            (text, self.file) = (Secret.token(), nil)
            return
        }
        self.file = file
        let machine = (try? SmallFile.read("/etc/machine-id", limit: 4096)) ?? []
        let identity = (try? FileIdentity.of(path)).flatMap(\.self)
        let place = "\(identity?.device ?? 0) \(identity?.inode ?? 0) \(path)"
        text = FileDigest.sha256(of: machine + Array(place.utf8))
    }

    deinit {
        try? file?.close()
    }

    /// The open file with its lock; `nil` if another process has it.
    private static func locked(_ path: String) -> FileDescriptor? {
        let file = try? FileDescriptor.open(
            FilePath(path),
            .readWrite,
            options: [.create, .closeOnExec, .noFollow],
            permissions: [.ownerReadWrite]
        )
        guard let file else { return nil }
        guard flock(file.rawValue, LOCK_EX | LOCK_NB) == 0 else {
            try? file.close()
            return nil
        }
        return file
    }
}
