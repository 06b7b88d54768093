import Glibc
package import SystemPackage

/// System files that are read whole, such as those of /proc.
package enum SmallFile {
    /// Reads the file at `path`; throws EFBIG if it has more than `limit` bytes.
    ///
    /// Without `awaiting` a pipe in its place does not block: it reads as empty.
    package static func read(
        _ path: String,
        limit: Int,
        awaiting: Bool = true
    ) throws(Errno) -> [UInt8] {
        let flags = O_RDONLY | O_CLOEXEC | (awaiting ? 0 : O_NONBLOCK)
        let file = try OwnedDescriptor.opening { unsafe open(path, flags) }
        guard let bytes = try file.readAll(limit: limit) else { throw .fileTooLarge }
        return bytes
    }

    /// Writes `bytes` to the file at `path`, like the redirection of a shell.
    package static func write(_ bytes: [UInt8], to path: String, mode: UInt32) throws(Errno) {
        let file = try OwnedDescriptor.opening {
            unsafe open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode)
        }
        try file.write(bytes)
    }
}

extension OwnedDescriptor {
    /// The rest of the file, or `nil` if that is more than `limit` bytes.
    ///
    /// The limit applies to the bytes read, not to the size that the file claims.
    package borrowing func readAll(limit: Int) throws(Errno) -> [UInt8]? {
        var bytes: [UInt8] = []
        while bytes.count <= limit {
            let chunk = try readChunk(min(limit - bytes.count + 1, 65_536))
            if chunk.isEmpty { return bytes }
            bytes += chunk
        }
        return nil
    }

    /// The next bytes, at most `count`; none at the end of the file.
    package borrowing func readChunk(_ count: Int) throws(Errno) -> [UInt8] {
        let descriptor = rawValue
        var failure: Errno?
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
            do throws(Errno) {
                initialized = try SystemCall.check {
                    unsafe Glibc.read(descriptor, buffer.baseAddress, count)
                }
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
        return bytes
    }
}
