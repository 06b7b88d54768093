import Glibc
package import SystemPackage

/// A login from another host that is still open, as utmp(5) records it.
package struct LoginSession: Hashable, Sendable {
    package static let systemPath = "/run/utmp"
    /// Room for some ten thousand of them.
    private static let limit = 4 << 20

    /// The terminal below /dev, such as `pts/3`; the record may say anything.
    package let terminal: String
    /// The name of the user.
    package let user: String
    /// The address of the other host: 4 or 16 bytes in network order.
    package let address: [UInt8]
    private let process: Int32

    /// The sessions in the file at `path`; a record that is cut off is skipped.
    package static func all(in path: String = systemPath) throws(Errno) -> [LoginSession] {
        all(decoding: try SmallFile.read(path, limit: limit)).filter(\.isAlive)
    }

    /// The sessions in `bytes`, whether or not their processes still run.
    static func all(decoding bytes: [UInt8]) -> [LoginSession] {
        // The size on this machine: 400 bytes on some architectures, 384 on others.
        let size = MemoryLayout<utmp>.size
        return unsafe bytes.withUnsafeBytes { bytes in
            stride(from: 0, through: bytes.count - size, by: size).compactMap { start in
                LoginSession(unsafe bytes.loadUnaligned(fromByteOffset: start, as: utmp.self))
            }
        }
    }

    private init?(_ record: utmp) {
        let address = unsafe Swift.withUnsafeBytes(of: record.ut_addr_v6) { unsafe Array($0) }
        guard Int32(record.ut_type) == USER_PROCESS, address.contains(where: { $0 != 0 }) else {
            return nil
        }
        terminal = unsafe Swift.withUnsafeBytes(of: record.ut_line) { unsafe Self.text($0) }
        user = unsafe Swift.withUnsafeBytes(of: record.ut_user) { unsafe Self.text($0) }
        // utmp(5): an IPv4 address fills the first word alone.
        self.address = address.dropFirst(4).allSatisfy { $0 == 0 } ? Array(address[..<4]) : address
        process = record.ut_pid
    }

    private static func text(_ bytes: UnsafeRawBufferPointer) -> String {
        String(decoding: unsafe bytes.prefix { $0 != 0 }.map(\.self), as: UTF8.self)
    }

    /// A record outlives a process that crashed, and another user may have its terminal by then.
    private var isAlive: Bool {
        process > 0 && (kill(process, 0) == 0 || errno == EPERM)
    }
}
