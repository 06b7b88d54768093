import CLinux
import Glibc
package import SystemPackage

/// The identifiers of the host.
package struct HostFacts: Hashable, Sendable {
    /// The boot id: 32 lower-case hex digits, new at each boot.
    ///
    /// A container may have an id of its own while its clocks are its host's; the 13th digit is 8 then,
    /// where those of the kernel have 4 (RFC 9562).
    package let bootID: String
    /// The 32 lower-case hex digits of machine-id(5), or `nil` if the host has none.
    package let machineID: String?
    /// The host name of gethostname(2).
    package var hostname: String

    package init(bootID: String, machineID: String?, hostname: String) {
        self.bootID = bootID
        self.machineID = machineID
        self.hostname = hostname
    }

    package static func read() throws(Errno) -> HostFacts {
        HostFacts(
            bootID: try bootID("/proc/sys/kernel/random/boot_id"),
            machineID: try machineID("/etc/machine-id"),
            hostname: try readHostname()
        )
    }

    /// Reads the id of the boot: the kernel's, or what a container manager mounted over it.
    static func bootID(_ path: String) throws(Errno) -> String {
        let isOfKernel = try SystemCall.check { unsafe clinux_is_of_proc(path) } == 1
        let id = try identifier(path) ?? ""
        return isOfKernel || id.isEmpty ? id : id.prefix(12) + "8" + id.dropFirst(13)
    }

    /// Reads the id; `nil` if there is no file or no id in it (`uninitialized`, or empty in an
    /// image).
    static func machineID(_ path: String) throws(Errno) -> String? {
        do throws(Errno) {
            return try identifier(path)
        } catch .noSuchFileOrDirectory {
            return nil
        }
    }

    /// Reads the 32 hex digits in a file, without dashes.
    private static func identifier(_ path: String) throws(Errno) -> String? {
        let text = String(decoding: try SmallFile.read(path, limit: 256), as: UTF8.self)
        let digits = text.filter { $0 != "-" && !$0.isWhitespace }.lowercased()
        let isHex = digits.allSatisfy { $0.isASCII && $0.isHexDigit }
        return digits.utf8.count == 32 && isHex ? digits : nil
    }

    /// The release of the kernel, such as `6.1.0-28-amd64`; empty if it cannot be read.
    package static var kernelRelease: String {
        let bytes = (try? SmallFile.read("/proc/sys/kernel/osrelease", limit: 256)) ?? []
        return String(decoding: bytes.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
    }

    /// Reads the current host name.
    package static func readHostname() throws(Errno) -> String {
        var name = [CChar](repeating: 0, count: 257)
        try SystemCall.check { unsafe gethostname(&name, name.count - 1) }
        return String(decoding: name.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}
