import CNetfilter
import Glibc
package import SystemPackage

/// Messages that a socket receives without a request.
extension NetlinkSocket {
    /// Joins a multicast group of the subsystem.
    func join(_ group: UInt32) throws(Errno) {
        var group = group
        let length = socklen_t(MemoryLayout<UInt32>.size)
        let added = unsafe setsockopt(
            fileDescriptor,
            SOL_NETLINK,
            Int32(NETLINK_ADD_MEMBERSHIP),
            &group,
            length
        )
        guard added == 0 else { throw Errno(rawValue: errno) }
    }

    /// Opens a socket that reports closed TCP sockets of these local ports, and of no others.
    ///
    /// Unread messages are queued up to a limit.
    package static func endedSockets(of ports: [UInt16]) throws(Errno) -> NetlinkSocket {
        let socket = try open(NETLINK_SOCK_DIAG, buffers: 1 << 20)
        try socket.admit(only: ports)
        for group in [SKNLGRP_INET_TCP_DESTROY, SKNLGRP_INET6_TCP_DESTROY] {
            try socket.join(group.rawValue)
        }
        return socket
    }

    /// Drops messages about sockets of other local ports in the kernel, so that they wake nobody.
    private func admit(only ports: [UInt16]) throws(Errno) {
        // idiag_sport, in network order, follows the header and four bytes of inet_diag_msg.
        var program = [sock_filter(code: Self.loadHalf, jt: 0, jf: 0, k: 20)]
        for port in ports {
            program += [
                sock_filter(code: Self.jumpIfEqual, jt: 0, jf: 1, k: UInt32(port)),
                sock_filter(code: Self.give, jt: 0, jf: 0, k: .max),
            ]
        }
        try filter(by: program + [sock_filter(code: Self.give, jt: 0, jf: 0, k: 0)])
    }

    private static let loadWord = UInt16(BPF_LD | BPF_W | BPF_ABS)
    private static let loadHalf = UInt16(BPF_LD | BPF_H | BPF_ABS)
    private static let jumpIfEqual = UInt16(BPF_JMP | BPF_JEQ | BPF_K)
    private static let give = UInt16(BPF_RET | BPF_K)

    /// Drops messages caused by the socket with this port in the kernel, so that they wake nobody.
    func ignore(_ port: UInt32) throws(Errno) {
        // A BPF load assumes network order, but netlink uses the machine's.
        try filter(
            by: [
                sock_filter(code: Self.loadWord, jt: 0, jf: 0, k: 12),  // nlmsg_pid
                sock_filter(code: Self.jumpIfEqual, jt: 0, jf: 1, k: port.bigEndian),
                sock_filter(code: Self.give, jt: 0, jf: 0, k: 0),
                sock_filter(code: Self.give, jt: 0, jf: 0, k: .max),
            ]
        )
    }

    private func filter(by steps: [sock_filter]) throws(Errno) {
        var program = steps
        let result = unsafe program.withUnsafeMutableBufferPointer { steps in
            var filter = unsafe sock_fprog(len: UInt16(steps.count), filter: steps.baseAddress)
            let length = unsafe socklen_t(MemoryLayout<sock_fprog>.size)
            return unsafe setsockopt(
                fileDescriptor,
                SOL_SOCKET,
                SO_ATTACH_FILTER,
                &filter,
                length
            )
        }
        guard result == 0 else { throw Errno(rawValue: errno) }
    }
}

/// The strictness of requests.
extension NetlinkSocket {
    /// Has a dump of routes honour the filter in its header; kernels before 4.20 dump all routes.
    package func checkStrictly() throws(Errno) {
        var isOn: Int32 = 1
        let length = socklen_t(MemoryLayout<Int32>.size)
        let option: Int32 = 12  // NETLINK_GET_STRICT_CHK
        let result = unsafe setsockopt(fileDescriptor, SOL_NETLINK, option, &isOn, length)
        guard result == 0 || errno == ENOPROTOOPT else { throw Errno(rawValue: errno) }
    }
}
