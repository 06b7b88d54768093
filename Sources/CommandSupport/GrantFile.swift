import Linux
import Signatures
import SystemPackage

/// Reads and writes the files that commands are given, and says which one failed and how.
package enum GrantFile {
    /// A payload and its signatures, with room to spare: 16 of RSA 16384 take 100 KiB.
    package static let sizeLimit = SignedFile.payloadLimit + 256 * 1024

    /// The bytes of a file; `-` is the standard input.
    package static func read(_ path: String, on console: Console) throws(CommandFailure) -> [UInt8]
    {
        try read(path, limit: sizeLimit, on: console)
    }

    package static func read(
        _ path: String,
        limit: Int,
        on console: Console
    ) throws(CommandFailure) -> [UInt8] {
        guard path != "-" else { return console.readInput() }
        return try read(path, limit: limit)
    }

    package static func read(
        _ path: String,
        limit: Int,
        awaiting: Bool = true
    ) throws(CommandFailure) -> [UInt8] {
        do throws(Errno) {
            return try SmallFile.read(path, limit: limit, awaiting: awaiting)
        } catch .permissionDenied {
            throw CommandFailure(.noPermission, "\(path): you may not read it", hints: ["try sudo"])
        } catch .noSuchFileOrDirectory {
            throw CommandFailure(.noInput, "\(path): there is no such file")
        } catch .fileTooLarge {
            throw CommandFailure(.noInput, "\(path): it is larger than \(limit) bytes")
        } catch {
            throw CommandFailure(.noInput, "\(path): \(error)")
        }
    }

    /// Writes the output to `path`; `-` and `/dev/stdout`, which would be cut off if it were opened
    /// as a file, are the standard output.
    ///
    /// Links, devices and pipes are written to: to replace /dev/stdout or /dev/null would break the host.
    package static func write(
        _ bytes: [UInt8],
        to path: String,
        mode: UInt32 = 0o644,
        on console: Console
    ) throws(CommandFailure) {
        guard !["-", "/dev/stdout"].contains(path) else { return console.write(bytes) }
        guard FileKind.isSpecial(path) else {
            return try replace(path, with: bytes, mode: mode)
        }
        try writing(to: path) { () throws(Errno) in
            try SmallFile.write(bytes, to: path, mode: mode)
        }
    }

    /// Replaces a file at `path`, whole or not at all.
    package static func replace(
        _ path: String,
        with bytes: [UInt8],
        mode: UInt32
    ) throws(CommandFailure) {
        try writing(to: path) { () throws(Errno) in
            try AtomicFile.replace(path, with: bytes, mode: mode)
        }
    }

    private static func writing(
        to path: String,
        _ body: () throws(Errno) -> Void
    ) throws(CommandFailure) {
        do throws(Errno) {
            try body()
        } catch .permissionDenied {
            throw CommandFailure(
                .noPermission,
                "\(path): you may not write there",
                hints: ["try sudo, or -o FILE elsewhere"]
            )
        } catch {
            throw CommandFailure(.cannotCreate, "\(path): \(error)")
        }
    }
}
