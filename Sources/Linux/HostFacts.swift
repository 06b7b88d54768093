import Glibc
package import SystemPackage

/// What the host says of itself.
package struct HostFacts: Hashable, Sendable {
    /// 32 lower-case hex digits, new at each boot.
    package let bootID: String
    /// The 32 lower-case hex digits of machine-id(5), or `nil` where the host has none.
    package let machineID: String?
    /// gethostname(2).
    package var hostname: String

    package init(bootID: String, machineID: String?, hostname: String) {
        self.bootID = bootID
        self.machineID = machineID
        self.hostname = hostname
    }

    package static func read() throws(Errno) -> HostFacts {
        HostFacts(
            bootID: try identifier("/proc/sys/kernel/random/boot_id") ?? "",
            machineID: try machineID("/etc/machine-id"),
            hostname: try readHostname()
        )
    }

    /// `nil` if there is no such file or no id in it (`uninitialized`, or empty in an image).
    static func machineID(_ path: String) throws(Errno) -> String? {
        do throws(Errno) {
            return try identifier(path)
        } catch .noSuchFileOrDirectory {
            return nil
        }
    }

    /// The 32 hex digits of a file that holds them, dashes left out.
    private static func identifier(_ path: String) throws(Errno) -> String? {
        let text = String(decoding: try SmallFile.read(path, limit: 256), as: UTF8.self)
        let digits = text.filter { $0 != "-" && !$0.isWhitespace }.lowercased()
        let isHex = digits.allSatisfy { $0.isASCII && $0.isHexDigit }
        return digits.utf8.count == 32 && isHex ? digits : nil
    }

    /// The name that the host has now.
    package static func readHostname() throws(Errno) -> String {
        var name = [CChar](repeating: 0, count: 257)
        try SystemCall.check { unsafe gethostname(&name, name.count - 1) }
        return String(decoding: name.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}
