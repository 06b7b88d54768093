import CNetfilter
import Glibc
package import SystemPackage

/// A netlink socket, bound for its life to the network namespace of the thread that opened it.
///
/// It closes with the value. Only one thread may use it at a time.
@safe package struct NetlinkSocket: ~Copyable {
    private let handle: OpaquePointer
    /// The address of the kernel's answers: unique among the namespace's netlink sockets.
    package let portID: UInt32

    /// The most bytes of one receive; the kernel's dumps come in pieces of 32 KiB.
    private static let receiveSize = 128 * 1024

    private init(adopting handle: OpaquePointer) {
        unsafe self.handle = handle
        unsafe portID = mnl_socket_get_portid(handle)
    }

    /// Opens a socket to nf_tables and connection tracking.
    package static func netfilter() throws(Errno) -> NetlinkSocket {
        try open(NETLINK_NETFILTER)
    }

    /// Opens a socket to sock_diag(7).
    package static func socketDiagnosis() throws(Errno) -> NetlinkSocket {
        try open(NETLINK_SOCK_DIAG)
    }

    /// Opens a socket for NFLOG; unread packets are queued up to a limit.
    package static func packetLog() throws(Errno) -> NetlinkSocket {
        // Room for some 5,000 packets: more than the gate logs in a burst.
        try open(NETLINK_NETFILTER, buffers: 2 << 20)
    }

    /// Opens a socket to rtnetlink(7).
    package static func routes() throws(Errno) -> NetlinkSocket {
        try open(NETLINK_ROUTE)
    }

    /// Takes over a netfilter socket that another process opened, with its port.
    ///
    /// Unread answers were for that process, and are dropped.
    ///
    /// - Throws: `badFileDescriptor` if it is no netfilter socket; it stays open then.
    package static func netfilter(adopting descriptor: Int32) throws(Errno) -> NetlinkSocket {
        var subsystem: Int32 = -1
        var length = socklen_t(MemoryLayout<Int32>.size)
        guard
            unsafe getsockopt(descriptor, SOL_SOCKET, SO_PROTOCOL, &subsystem, &length) == 0,
            subsystem == NETLINK_NETFILTER, let handle = unsafe mnl_socket_fdopen(descriptor)
        else { throw .badFileDescriptor }
        let socket = unsafe NetlinkSocket(adopting: handle)
        socket.setBuffers(64 << 20)
        try socket.drain()
        return socket
    }

    private func drain() throws(Errno) {
        do throws(Errno) {
            while try receive() != nil {}
        } catch .noBufferSpace {
            try drain()
        }
    }

    /// Opens a socket that reports every change of the ruleset by others than `port`.
    ///
    /// Unread messages are queued up to a limit.
    package static func rulesetChanges(ignoring port: UInt32) throws(Errno) -> NetlinkSocket {
        let socket = try open(NETLINK_NETFILTER, buffers: 1 << 20)
        try socket.ignore(port)
        try socket.join(UInt32(NFNLGRP_NFTABLES.rawValue))
        return socket
    }

    static func open(
        _ subsystem: Int32,
        buffers: Int32 = 64 << 20
    ) throws(Errno) -> NetlinkSocket {
        guard let handle = unsafe mnl_socket_open2(subsystem, Int32(SOCK_CLOEXEC.rawValue))
        else { throw Errno(rawValue: errno) }
        guard unsafe mnl_socket_bind(handle, 0, 0) == 0 else {
            let error = Errno(rawValue: errno)
            unsafe mnl_socket_close(handle)
            throw error
        }
        let socket = unsafe NetlinkSocket(adopting: handle)
        socket.setBuffers(buffers)
        return socket
    }

    deinit {
        unsafe mnl_socket_close(handle)
    }

    package var fileDescriptor: Int32 { unsafe mnl_socket_get_fd(handle) }

    /// Requests buffers: a batch is one datagram, and all its answers are queued before the send
    /// returns.
    ///
    /// In a user namespace, such as an unprivileged container's, net.core.wmem_max and rmem_max
    /// limit the buffers; that much must suffice, as it does for nft(8).
    private func setBuffers(_ bytes: Int32) {
        for (forced, bounded) in [(SO_SNDBUFFORCE, SO_SNDBUF), (SO_RCVBUFFORCE, SO_RCVBUF)]
        where !set(forced, to: bytes) {
            _ = set(bounded, to: bytes)
        }
    }

    private func set(_ option: Int32, to value: Int32) -> Bool {
        var value = value
        let length = socklen_t(MemoryLayout<Int32>.size)
        return unsafe setsockopt(fileDescriptor, SOL_SOCKET, option, &value, length) == 0
    }

    /// Sends one datagram, whole or not at all.
    package func send(_ bytes: [UInt8]) throws(Errno) {
        let error = unsafe bytes.withUnsafeBytes { unsafe transmit($0) }
        if let error { throw error }
    }

    /// Sends one datagram, whole or not at all.
    @unsafe package func send(_ bytes: UnsafeRawBufferPointer) throws(Errno) {
        if let error = unsafe transmit(bytes) { throw error }
    }

    private func transmit(_ bytes: UnsafeRawBufferPointer) -> Errno? {
        while true {
            let sent = unsafe mnl_socket_sendto(handle, bytes.baseAddress, bytes.count)
            if sent == bytes.count { return nil }
            guard sent < 0 else { return .messageTooLong }
            guard errno == EINTR else { return Errno(rawValue: errno) }
        }
    }

    /// Reads the queued datagrams until `take` returns true; returns whether it did.
    ///
    /// One buffer serves all: to allocate one for each would cost more than to read it.
    ///
    /// - Throws: `noBufferSpace` if answers were lost: read the state again.
    package func receiveAll(
        until take: ([UInt8]) throws(Errno) -> Bool
    ) throws(Errno) -> Bool {
        let buffer = UnsafeMutableRawBufferPointer.allocate(
            byteCount: Self.receiveSize,
            alignment: 8
        )
        defer { unsafe buffer.deallocate() }
        let flags = Int32(MSG_DONTWAIT)
        while true {
            let count = unsafe recv(fileDescriptor, buffer.baseAddress, buffer.count, flags)
            if count >= 0 {
                let datagram = unsafe Array(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
                if try take(datagram) { return true }
            } else if errno == EAGAIN {
                return false
            } else if errno != EINTR {
                throw Errno(rawValue: errno)
            }
        }
    }

    /// Reads the next datagram; `nil` if none is queued.
    ///
    /// - Throws: `noBufferSpace` if answers were lost: read the state again.
    package func receive() throws(Errno) -> [UInt8]? {
        var next: [UInt8]?
        _ = try receiveAll { (datagram) throws(Errno) in
            next = datagram
            return true
        }
        return next
    }
}
