import Foundation
package import Glibc

/// A real socket of a namespace, closed with the value; calls time out after two seconds.
package final class TestSocket: Sendable {
    private let descriptor: Int32

    private init(adopting descriptor: Int32, milliseconds: Int = 2000) throws {
        guard descriptor >= 0 else { throw CommandFailure("no socket: errno \(errno)") }
        self.descriptor = descriptor
        var limit = timeval(tv_sec: milliseconds / 1000, tv_usec: milliseconds % 1000 * 1000)
        for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
            let size = socklen_t(MemoryLayout<timeval>.size)
            unsafe setsockopt(descriptor, SOL_SOCKET, option, &limit, size)
        }
    }

    deinit {
        close(descriptor)
    }

    /// A socket of the family of an address.
    private static func made(
        _ kind: __socket_type,
        for address: String,
        milliseconds: Int = 2000
    ) throws -> TestSocket {
        let family = address.contains(":") ? AF_INET6 : AF_INET
        let flags = Int32(kind.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        return try TestSocket(adopting: socket(family, flags, 0), milliseconds: milliseconds)
    }

    /// A socket bound to an address of `space`; `::` accepts IPv4 too.
    package static func bound(
        _ kind: __socket_type,
        in space: NetworkNamespace,
        to address: String,
        port: UInt16 = 0
    ) throws -> TestSocket {
        try space.run {
            let made = try Self.made(kind, for: address)
            var yes: Int32 = 1
            unsafe setsockopt(made.descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, 4)
            try unsafe made.call("bind", address, port) { unsafe bind(made.descriptor, $0, $1) }
            if kind == SOCK_STREAM { try made.check("listen", listen(made.descriptor, 64)) }
            return made
        }
    }

    /// A stream or datagram socket from an address of `space` to another.
    package static func connected(
        _ kind: __socket_type = SOCK_STREAM,
        in space: NetworkNamespace,
        from source: String,
        sourcePort: UInt16 = 0,
        to address: String,
        port: UInt16
    ) throws -> TestSocket {
        try space.run {
            let made = try Self.made(kind, for: address)
            var yes: Int32 = 1
            unsafe setsockopt(made.descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, 4)
            try unsafe made.call("bind", source, sourcePort) {
                unsafe bind(made.descriptor, $0, $1)
            }
            try made.connect(to: address, port: port)
            return made
        }
    }

    /// An MPTCP socket that listens at an address of `space`.
    package static func multipath(
        in space: NetworkNamespace,
        to address: String,
        port: UInt16
    ) throws -> TestSocket {
        try space.run {
            let made = try Self.multipath()
            try unsafe made.call("bind", address, port) { unsafe bind(made.descriptor, $0, $1) }
            try made.check("listen", listen(made.descriptor, 64))
            return made
        }
    }

    /// An MPTCP socket from an address of `space` to another.
    package static func multipath(
        in space: NetworkNamespace,
        from source: String,
        to address: String,
        port: UInt16
    ) throws -> TestSocket {
        try space.run {
            let made = try Self.multipath()
            try unsafe made.call("bind", source, 0) { unsafe bind(made.descriptor, $0, $1) }
            try made.connect(to: address, port: port)
            return made
        }
    }

    /// An IPv4 socket of IPPROTO_MPTCP, which is 262.
    private static func multipath() throws -> TestSocket {
        let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        return try TestSocket(adopting: socket(AF_INET, kind, 262))
    }

    /// The result of a SYN.
    package enum Answer: Sendable {
        case accepted, refused
        /// No answer within 300 milliseconds.
        case silence
    }

    /// Tries to connect from an address of `space` to another.
    package static func answer(
        in space: NetworkNamespace,
        from source: String,
        sourcePort: UInt16 = 0,
        to address: String,
        port: UInt16
    ) throws -> Answer {
        try space.run {
            let made = try Self.made(SOCK_STREAM, for: address, milliseconds: 300)
            try unsafe made.call("bind", source, sourcePort) {
                unsafe bind(made.descriptor, $0, $1)
            }
            var answer = Answer.accepted
            try unsafe made.call("connect", address, port) {
                guard unsafe Glibc.connect(made.descriptor, $0, $1) != 0 else { return 0 }
                switch errno {
                case ECONNREFUSED: answer = .refused
                case EINPROGRESS: answer = .silence
                default: return -1
                }
                return 0
            }
            return answer
        }
    }

    /// A stream socket to an address of this namespace.
    package static func loopback(_ address: String, port: UInt16) throws -> TestSocket {
        let made = try Self.made(SOCK_STREAM, for: address, milliseconds: 15_000)
        try made.connect(to: address, port: port)
        return made
    }

    /// Sends bytes, and reads until the other end is done.
    package func exchange(_ bytes: [UInt8]) throws -> [UInt8] {
        var rest = bytes[...]
        while !rest.isEmpty {
            let flags = Int32(MSG_NOSIGNAL)
            let count = unsafe rest.withUnsafeBytes {
                unsafe Glibc.send(descriptor, $0.baseAddress, $0.count, flags)
            }
            // An answer may come before all is sent, and end the connection.
            guard count > 0 else { break }
            rest = rest.dropFirst(count)
        }
        var answer: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 16_384)
        while true {
            let count = unsafe recv(descriptor, &buffer, buffer.count, 0)
            guard count > 0 else {
                guard count == 0 || !answer.isEmpty else {
                    throw CommandFailure("nothing was received: errno \(errno)")
                }
                return answer
            }
            answer += buffer.prefix(count)
        }
    }

    package func connect(to address: String, port: UInt16) throws {
        try unsafe call("connect", address, port) { unsafe Glibc.connect(descriptor, $0, $1) }
    }

    package func accept() throws -> TestSocket {
        try TestSocket(adopting: Glibc.accept(descriptor, nil, nil))
    }

    /// The port that it is bound to.
    package var port: UInt16 {
        var address = sockaddr_in6()
        var length = socklen_t(MemoryLayout<sockaddr_in6>.size)
        unsafe withUnsafeMutablePointer(to: &address) {
            unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                _ = unsafe getsockname(descriptor, $0, &length)
            }
        }
        return UInt16(bigEndian: address.sin6_port)
    }

    /// Returns whether a byte sent from here arrives there.
    package func reaches(_ other: TestSocket) -> Bool {
        guard unsafe Glibc.send(descriptor, "x", 1, Int32(MSG_NOSIGNAL)) == 1 else { return false }
        var byte: UInt8 = 0
        return unsafe recv(other.descriptor, &byte, 1, 0) == 1
    }

    /// Sends a byte and ignores the result.
    package func send() {
        _ = unsafe Glibc.send(descriptor, "x", 1, Int32(MSG_NOSIGNAL))
    }

    /// Makes the close of the socket silent, as if the host lost its power.
    package func vanishes() throws {
        var yes: Int32 = 1
        let repair: Int32 = 19  // TCP_REPAIR
        try unsafe check("repair", setsockopt(descriptor, Int32(IPPROTO_TCP), repair, &yes, 4))
    }

    /// Waits for the end of the connection: its errno, 0 for an orderly end, `nil` for silence.
    package func ending(within milliseconds: Int32) -> Int32? {
        var waiting = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        guard unsafe poll(&waiting, 1, milliseconds) == 1 else { return nil }
        var byte: UInt8 = 0
        return unsafe recv(descriptor, &byte, 1, Int32(MSG_DONTWAIT)) < 0 ? errno : 0
    }

    private func check(_ attempt: String, _ result: Int32) throws {
        guard result == 0 else { throw CommandFailure("\(attempt): errno \(errno)") }
    }

    private func call(
        _ attempt: String,
        _ address: String,
        _ port: UInt16,
        _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32
    ) throws {
        var found: UnsafeMutablePointer<addrinfo>?
        var hints = unsafe addrinfo()
        unsafe hints.ai_flags = AI_NUMERICHOST
        unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        let status = unsafe getaddrinfo(address, String(port), &hints, &found)
        defer { unsafe freeaddrinfo(found) }
        guard status == 0, let result = unsafe found?.pointee, let pointer = unsafe result.ai_addr
        else {
            throw CommandFailure("\(address) is no address")
        }
        try unsafe check(attempt, body(pointer, result.ai_addrlen))
    }
}
