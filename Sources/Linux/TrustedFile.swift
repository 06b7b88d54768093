import CLinux
import Glibc
import Grants
import SystemPackage

/// Reads files that only trusted owners could have written.
///
/// Use one value for a scan of many files, since it remembers the directories it has checked. Make
/// a new one for the next scan, since directories change.
package struct TrustedFile {
    /// The bytes of a file, and the identity of the file.
    package struct Content: Hashable, Sendable {
        package let bytes: [UInt8]
        package let identity: FileIdentity
    }

    private let owners: Set<UInt32>
    /// True if a file must be on the file system of its directory.
    private let staysOnFileSystem: Bool
    /// The last directory that was checked, with all above it.
    private var directory: CheckedDirectory?

    /// Trusts `owners`, the user ids that may own a file or directory, besides root.
    package init(owners: Set<UInt32> = [geteuid()]) {
        self.owners = owners.union([0])
        staysOnFileSystem = false
    }

    /// Trusts root and one user, who may have made no file of another file system's.
    package init(besidesRoot owner: UInt32) {
        owners = [0, owner]
        staysOnFileSystem = true
    }

    /// Reads the file at the absolute `path`, at most `limit` bytes.
    ///
    /// No component may be a symbolic link. The file must be a regular one; it and each directory
    /// above it must belong to an owner and be writable by no one else (an ACL that lets others
    /// write shows in the group bits, acl(5)). A sticky directory such as /tmp may stand above.
    package mutating func read(_ path: String, limit: Int) throws(TrustError) -> Content {
        var components = Self.components(of: path)
        let name = components.popLast() ?? "."
        let path = Self.path(of: components + [name])
        let directory = try enter(components)
        let file = try Self.open(file: name, in: directory.descriptor.rawValue, path)
        let status = try Self.attempt(path) { () throws(Errno) in try file.status() }
        try require(regular: status, path)
        try require(ownerOf: status, path)
        guard !staysOnFileSystem || UInt64(status.st_dev) == directory.device else {
            throw .elsewhere(path)
        }
        guard status.st_mode & 0o022 == 0 else { throw .writable(path) }
        guard Int(status.st_size) <= limit else { throw .tooLarge(path, limit: limit) }
        let bytes = try Self.attempt(path) { () throws(Errno) in try file.readAll(limit: limit) }
        guard let bytes else { throw .tooLarge(path, limit: limit) }
        return Content(bytes: bytes, identity: FileIdentity(status))
    }

    /// Checks a directory by itself and everything above it, as `read` does for a file in it.
    package mutating func check(directory path: String) throws(TrustError) {
        _ = try enter(Self.components(of: path))
    }

    /// Walks down from the root, and checks each directory on the way.
    private mutating func enter(_ components: [String]) throws(TrustError) -> CheckedDirectory {
        if let directory, directory.components == components { return directory }
        var current = try Self.open(directory: "/", in: AT_FDCWD, "/")
        try require(trusted: current, "/")
        for (index, name) in components.enumerated() {
            let path = Self.path(of: components[...index])
            current = try Self.open(directory: name, in: current.rawValue, path)
            try require(trusted: current, path)
        }
        let device = try Self.device(of: current, Self.path(of: components))
        let entered = CheckedDirectory(components, current, on: device)
        directory = entered
        return entered
    }

    private func require(
        trusted directory: borrowing OwnedDescriptor,
        _ path: String
    ) throws(TrustError) {
        let status: stat
        do throws(Errno) {
            status = try directory.status()
        } catch {
            throw TrustError(error, path)
        }
        try require(ownerOf: status, path)
        let isSticky = status.st_mode & S_ISVTX != 0 && status.st_uid == 0
        guard status.st_mode & 0o022 == 0 || isSticky else { throw .directoryWritable(path) }
    }

    private func require(ownerOf status: stat, _ path: String) throws(TrustError) {
        guard owners.contains(status.st_uid) else {
            throw .foreignOwner(path, of: status.st_uid, notOf: staysOnFileSystem ? owners : [0])
        }
    }

    private func require(regular status: stat, _ path: String) throws(TrustError) {
        let kind =
            switch status.st_mode & S_IFMT {
            case S_IFREG: ""
            case S_IFDIR: "a directory"
            case S_IFIFO: "a fifo"
            case S_IFSOCK: "a socket"
            case S_IFCHR, S_IFBLK: "a device"
            default: "of an unknown kind"
            }
        guard kind.isEmpty else { throw .notAFile(path, kind) }
    }
}

/// A directory that nobody else can write to, kept open: its files are opened in it.
private final class CheckedDirectory {
    let components: [String]
    let descriptor: OwnedDescriptor
    let device: UInt64

    init(
        _ components: [String],
        _ descriptor: consuming OwnedDescriptor,
        on device: UInt64
    ) {
        self.components = components
        self.device = device
        self.descriptor = descriptor
    }
}

extension TrustedFile {
    /// The components of an absolute path without empty ones and `.`; a `..` stays, which only the
    /// kernel resolves.
    private static func components(of path: String) -> [String] {
        path.split(separator: "/").filter { $0 != "." }.map(String.init)
    }

    private static func path(of components: some Collection<String>) -> String {
        "/" + components.joined(separator: "/")
    }

    private static func open(
        directory name: String,
        in parent: Int32,
        _ path: String
    ) throws(TrustError) -> OwnedDescriptor {
        do throws(Errno) {
            return try OwnedDescriptor.opening { unsafe clinux_open_directory_in(parent, name) }
        } catch {
            throw TrustError(error, path)
        }
    }

    private static func open(
        file name: String,
        in parent: Int32,
        _ path: String
    ) throws(TrustError) -> OwnedDescriptor {
        let flags = O_RDONLY | O_NONBLOCK | O_NOCTTY
        do throws(Errno) {
            return try OwnedDescriptor.opening { unsafe clinux_open_in(parent, name, flags) }
        } catch {
            throw TrustError(error, path)
        }
    }

    private static func device(
        of directory: borrowing OwnedDescriptor,
        _ path: String
    ) throws(TrustError) -> UInt64 {
        do throws(Errno) {
            return UInt64(try directory.status().st_dev)
        } catch {
            throw TrustError(error, path)
        }
    }

    /// Adds the path of the file to the error of a failing call.
    private static func attempt<Value>(
        _ path: String,
        _ call: () throws(Errno) -> Value
    ) throws(TrustError) -> Value {
        do throws(Errno) {
            return try call()
        } catch {
            throw TrustError(error, path)
        }
    }
}
