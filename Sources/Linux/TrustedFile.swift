import CLinux
import Glibc
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
    private var trustedDirectories: Set<String> = []

    /// Trusts `owners`, the user ids that may own a file or directory, besides root.
    package init(owners: Set<UInt32> = [geteuid()]) {
        self.owners = owners.union([0])
    }

    /// Reads the file at the absolute `path`, at most `limit` bytes.
    ///
    /// No component may be a symbolic link. The file must be a regular one; it and each directory
    /// above it must belong to an owner and be writable by no one else (an ACL that lets others
    /// write shows in the group bits, acl(5)). A sticky directory such as /tmp may stand above.
    package mutating func read(_ path: String, limit: Int) throws(TrustError) -> Content {
        let path = Self.normalized(path)
        for directory in Self.directories(above: path) {
            try trust(directory: directory)
        }
        let file = try Self.open(path, flags: O_RDONLY | O_NONBLOCK | O_NOCTTY)
        let status = try Self.attempt(path) { () throws(Errno) in try file.status() }
        try require(regular: status, path)
        try require(ownerOf: status, path)
        guard status.st_mode & 0o022 == 0 else { throw .writable(path) }
        guard Int(status.st_size) <= limit else { throw .tooLarge(path, limit: limit) }
        let bytes = try Self.attempt(path) { () throws(Errno) in try file.readAll(limit: limit) }
        guard let bytes else { throw .tooLarge(path, limit: limit) }
        return Content(bytes: bytes, identity: FileIdentity(status))
    }

    /// Checks a directory by itself and everything above it, as `read` does for a file in it.
    package mutating func check(directory path: String) throws(TrustError) {
        let path = Self.normalized(path)
        for directory in Self.directories(above: path) + [path] {
            try trust(directory: directory)
        }
    }

    private mutating func trust(directory path: String) throws(TrustError) {
        guard !trustedDirectories.contains(path) else { return }
        let directory = try Self.open(path, flags: O_RDONLY | O_DIRECTORY)
        let status = try Self.attempt(path) { () throws(Errno) in try directory.status() }
        try require(ownerOf: status, path)
        let isSticky = status.st_mode & S_ISVTX != 0 && status.st_uid == 0
        guard status.st_mode & 0o022 == 0 || isSticky else { throw .directoryWritable(path) }
        trustedDirectories.insert(path)
    }

    private func require(ownerOf status: stat, _ path: String) throws(TrustError) {
        guard owners.contains(status.st_uid) else {
            throw TrustError(
                code: .foreignOwner,
                path: path,
                reason: "belongs to user id \(status.st_uid), not to root",
                remedy: "chown root: \(ShellWord.quoted(path))"
            )
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

extension TrustedFile {
    /// Removes empty components and `.`; `/a//b/../c` keeps its `..`, which only the kernel
    /// resolves.
    static func normalized(_ path: String) -> String {
        "/" + path.split(separator: "/").filter { $0 != "." }.joined(separator: "/")
    }

    /// The directories above a path: `/`, `/a` and `/a/b` for `/a/b/c`.
    static func directories(above path: String) -> [String] {
        var result = ["/"]
        for component in path.split(separator: "/").dropLast() {
            result.append((result.last == "/" ? "/" : (result.last ?? "") + "/") + component)
        }
        return result
    }

    private static func open(_ path: String, flags: Int32) throws(TrustError) -> OwnedDescriptor {
        do throws(Errno) {
            return try OwnedDescriptor.opening {
                unsafe clinux_open_without_links(path, flags)
            }
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
