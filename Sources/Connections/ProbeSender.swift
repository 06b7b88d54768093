import CNetfilter
import Glibc
import Grants
package import SystemPackage

/// Sends probes with the addresses of others, and receives nothing.
///
/// It works in the network namespace of the calling thread, and needs CAP_NET_RAW.
package enum ProbeSender {
    /// The most sessions probed, more than a host has; the others are reset when they next send.
    private static let limit = 4096

    /// Makes both ends of each session send an acknowledgement.
    ///
    /// `priority` (SO_PRIORITY) marks the outgoing probes, so that they are not taken for packets
    /// of a connection. Sessions that no longer have a route are skipped.
    ///
    /// - Throws: the errno of the socket.
    package static func provoke(
        _ sessions: some Collection<PublishedSession>,
        priority: UInt32
    ) throws(Errno) {
        let some = sessions.prefix(limit)
        for family in Address.Family.allCases {
            let meant = some.filter { $0.peer.address.family == family }
            guard !meant.isEmpty else { continue }
            let socket = try rawSocket(family, priority)
            defer { close(socket) }
            for session in meant {
                for probe in session.probes(sequence: .random(in: 0 ... .max)) {
                    send(probe, over: socket)
                }
            }
        }
    }

    private static func rawSocket(
        _ family: Address.Family,
        _ priority: UInt32
    ) throws(Errno) -> Int32 {
        let kind = Int32(SOCK_RAW.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
        let isIPv4 = family == .ipv4
        let descriptor = socket(isIPv4 ? AF_INET : AF_INET6, kind, Int32(IPPROTO_RAW))
        guard descriptor >= 0 else { throw Errno(rawValue: errno) }
        // A raw IPv4 socket of IPPROTO_RAW expects our header anyway (raw(7)).
        guard set(descriptor, SOL_SOCKET, SO_PRIORITY, Int32(bitPattern: priority)),
            isIPv4 || set(descriptor, Int32(IPPROTO_IPV6), IPV6_HDRINCL, 1)
        else {
            let error = Errno(rawValue: errno)
            close(descriptor)
            throw error
        }
        return descriptor
    }

    private static func set(
        _ descriptor: Int32,
        _ level: Int32,
        _ option: Int32,
        _ value: Int32
    ) -> Bool {
        var value = value
        let length = socklen_t(MemoryLayout<Int32>.size)
        return unsafe setsockopt(descriptor, level, option, &value, length) == 0
    }

    private static func send(_ probe: ProbeSegment, over socket: Int32) {
        let bytes = probe.bytes
        let address = probe.to.address.networkBytes
        if probe.to.address.family == .ipv4 {
            var target = sockaddr_in()
            target.sin_family = sa_family_t(AF_INET)
            unsafe withUnsafeMutableBytes(of: &target.sin_addr) {
                unsafe $0.copyBytes(from: address)
            }
            send(bytes, to: target, over: socket)
        } else {
            var target = sockaddr_in6()
            target.sin6_family = sa_family_t(AF_INET6)
            unsafe withUnsafeMutableBytes(of: &target.sin6_addr) {
                unsafe $0.copyBytes(from: address)
            }
            send(bytes, to: target, over: socket)
        }
    }

    private static func send<SocketAddress>(
        _ bytes: [UInt8],
        to target: SocketAddress,
        over socket: Int32
    ) {
        _ = unsafe withUnsafePointer(to: target) { target in
            unsafe target.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                unsafe sendto(
                    socket,
                    bytes,
                    bytes.count,
                    Int32(MSG_DONTWAIT),
                    address,
                    socklen_t(MemoryLayout<SocketAddress>.size)
                )
            }
        }
    }
}
