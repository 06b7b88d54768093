import Grants
import SystemPackage

/// The reason that others than its trusted owners could have written a file.
package struct TrustError: Error, Hashable, Sendable {
    package enum Code: String, Hashable, Sendable, CaseIterable {
        case missing
        case symbolicLink = "symbolic-link"
        case notAFile = "not-a-file"
        case foreignOwner = "foreign-owner"
        case writableByOthers = "writable-by-others"
        case directoryWritableByOthers = "directory-writable-by-others"
        case tooLarge = "too-large"
        case unreadable
    }

    package let code: Code
    /// The file or directory at fault: the file itself or a directory above it.
    package let path: String
    /// One lower-case clause without the path.
    package let reason: String
    /// A command that would fix it, if there is one.
    package let remedy: String?

    package init(code: Code, path: String, reason: String, remedy: String? = nil) {
        self.code = code
        self.path = path
        self.reason = reason
        self.remedy = remedy
    }
}

extension TrustError: CustomStringConvertible {
    package var description: String { "\(path): \(reason)" }
}

extension TrustError {
    static func writable(_ path: String) -> TrustError {
        TrustError(
            code: .writableByOthers,
            path: path,
            reason: "may be written by others than its owner",
            remedy: "chmod go-w \(ShellWord.quoted(path))"
        )
    }

    static func directoryWritable(_ path: String) -> TrustError {
        TrustError(
            code: .directoryWritableByOthers,
            path: path,
            reason: "is a directory that others than its owner may write",
            remedy: "chmod go-w \(ShellWord.quoted(path))"
        )
    }

    /// `owners` are the user ids of which one would be right.
    static func foreignOwner(
        _ path: String,
        of user: UInt32,
        notOf owners: Set<UInt32>
    ) -> TrustError {
        let others = owners.subtracting([0]).sorted().map { " or user id \($0)" }.joined()
        let owner = owners.subtracting([0]).min().map(String.init) ?? "root"
        return TrustError(
            code: .foreignOwner,
            path: path,
            reason: "belongs to user id \(user), not to root\(others)",
            remedy: "chown \(owner): \(ShellWord.quoted(path))"
        )
    }

    static func elsewhere(_ path: String) -> TrustError {
        let reason = "is on another file system than its directory"
        return TrustError(code: .notAFile, path: path, reason: reason)
    }

    static func tooLarge(_ path: String, limit: Int) -> TrustError {
        TrustError(code: .tooLarge, path: path, reason: "is larger than \(limit) bytes")
    }

    static func notAFile(_ path: String, _ kind: String) -> TrustError {
        TrustError(code: .notAFile, path: path, reason: "is \(kind), not a regular file")
    }

    /// The error of opening or reading `path`.
    init(_ error: Errno, _ path: String) {
        switch error {
        case .noSuchFileOrDirectory:
            self.init(code: .missing, path: path, reason: "does not exist")
        case .tooManySymbolicLinkLevels:
            self.init(code: .symbolicLink, path: path, reason: "is or lies behind a symbolic link")
        case .notDirectory:
            self.init(code: .missing, path: path, reason: "lies under something not a directory")
        case .noSuchAddressOrDevice:
            self = .notAFile(path, "a socket or device without anyone behind it")
        default:
            self.init(code: .unreadable, path: path, reason: "cannot be read: \(error)")
        }
    }
}
