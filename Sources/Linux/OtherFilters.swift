import CLinux
import Glibc
package import SystemPackage

/// A table of the older packet filter (iptables-legacy), which nft(8) does not show.
package struct LegacyTable: Hashable, Sendable {
    /// The command that shows it: `iptables-legacy` or `ip6tables-legacy`.
    package let tool: String
    package let name: String

    /// The tables of this network namespace that may affect packets.
    package static func all() -> [LegacyTable] {
        [false, true].flatMap { isIPv6 in
            let file = isIPv6 ? "/proc/net/ip6_tables_names" : "/proc/net/ip_tables_names"
            let bytes = (try? SmallFile.read(file, limit: 4096)) ?? []
            return String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init)
                .filter { doesSomething($0, isIPv6: isIPv6) }
                .map { Self(tool: isIPv6 ? "ip6tables-legacy" : "iptables-legacy", name: $0) }
        }
    }

    /// Returns whether it has rules or a policy that drops; true for a table that cannot be read.
    private static func doesSomething(_ name: String, isIPv6: Bool) -> Bool {
        var rules: UInt32 = 0
        var drops: Int32 = 0
        let result = unsafe clinux_legacy_table(isIPv6 ? 1 : 0, name, &rules, &drops)
        return result != 0 || rules > 0 || drops != 0
    }
}

/// BPF programs that select the socket for a packet, whatever its port (BPF_PROG_TYPE_SK_LOOKUP).
package enum SocketChoosers {
    /// The number of these programs in this network namespace.
    package static func count() throws(Errno) -> Int {
        Int(try SystemCall.check { clinux_socket_choosers() })
    }
}

/// A service of IPVS, the kernel's load balancer, and a server that it sends packets to.
package struct VirtualServer: Hashable, Sendable {
    /// The service as in /proc/net/ip_vs: `TCP 203.0.113.1:2222`, or a firewall mark as its
    /// address.
    package let service: String
    /// The address of the server: 4 or 16 bytes in network order.
    package let address: [UInt8]
    package let port: UInt16

    /// The services of this network namespace; none if the module is not loaded.
    package static func all() throws(Errno) -> [VirtualServer] {
        do throws(Errno) {
            let bytes = try SmallFile.read("/proc/net/ip_vs", limit: 4 << 20)
            return all(in: String(decoding: bytes, as: UTF8.self))
        } catch .noSuchFileOrDirectory {
            return []
        }
    }

    /// Parses lines such as `TCP  C0000201:08AE rr` and `  -> 0A000002:0016 Masq 1 0 0`.
    package static func all(in text: String) -> [VirtualServer] {
        var service = ""
        var found: [VirtualServer] = []
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ")
            if words.first == "->", words.count > 1 {
                guard let (address, port) = endpoint(words[1]) else { continue }
                found.append(Self(service: service, address: address, port: port))
            } else if words.count > 1, ["TCP", "UDP", "SCTP", "FWM"].contains(words[0]) {
                service = "\(words[0]) \(readable(words[1]))"
            }
        }
        return found
    }

    /// Parses `0A000002:0016` or `[2001:0db8:…]:0016`.
    private static func endpoint(_ text: Substring) -> ([UInt8], UInt16)? {
        guard let colon = text.lastIndex(of: ":"),
            let port = UInt16(text[text.index(after: colon)...], radix: 16)
        else { return nil }
        let digits = text[..<colon].filter { $0.isHexDigit }
        guard digits.count == 8 || digits.count == 32 else { return nil }
        var bytes: [UInt8] = []
        var rest = digits[...]
        while let byte = UInt8(rest.prefix(2), radix: 16) {
            bytes.append(byte)
            rest = rest.dropFirst(2)
        }
        return (bytes, port)
    }

    private static func readable(_ text: Substring) -> String {
        guard let (address, port) = endpoint(text), address.count == 4 else { return String(text) }
        return address.map(String.init).joined(separator: ".") + ":\(port)"
    }
}
