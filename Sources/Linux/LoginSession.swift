import Glibc
package import SystemPackage

/// Somebody who has logged in from elsewhere and is still there, as utmp(5) tells of it.
package struct LoginSession: Hashable, Sendable {
    package static let systemPath = "/run/utmp"
    /// Some ten thousand of them.
    private static let limit = 4 << 20

    /// Below /dev, such as `pts/3`; whatever the record says.
    package let terminal: String
    /// Who logged in.
    package let user: String
    /// Where they come from: 4 or 16 bytes in network order.
    package let address: [UInt8]
    private let process: Int32

    /// Those of the file at `path`; a record that is cut off is none.
    package static func all(in path: String = systemPath) throws(Errno) -> [LoginSession] {
        all(decoding: try SmallFile.read(path, limit: limit)).filter(\.isAlive)
    }

    /// Those of the records in `bytes`, whether or not their processes still run.
    static func all(decoding bytes: [UInt8]) -> [LoginSession] {
        // This machine's own size: 400 bytes on some, where others have 384.
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
        // utmp(5): an IPv4 address is alone in the first word.
        self.address = address.dropFirst(4).allSatisfy { $0 == 0 } ? Array(address[..<4]) : address
        process = record.ut_pid
    }

    private static func text(_ bytes: UnsafeRawBufferPointer) -> String {
        String(decoding: unsafe bytes.prefix { $0 != 0 }.map(\.self), as: UTF8.self)
    }

    /// A record outlives a process that crashed, and its terminal is somebody else's by then.
    private var isAlive: Bool {
        process > 0 && (kill(process, 0) == 0 || errno == EPERM)
    }
}
