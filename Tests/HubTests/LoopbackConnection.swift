import Foundation
import Glibc
import TestSupport

/// A TCP connection to a port of loopback, byte for byte; a call that lasts 20 s fails.
final class LoopbackConnection: Sendable {
    let descriptor: Int32

    init(port: Int) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw CommandFailure("no socket: errno \(errno)") }
        var limit = timeval(tv_sec: 20, tv_usec: 0)
        for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
            let size = socklen_t(MemoryLayout<timeval>.size)
            unsafe setsockopt(descriptor, SOL_SOCKET, option, &limit, size)
        }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
        let result = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard result == 0 else { throw CommandFailure("connect: errno \(errno)") }
    }

    deinit { close(descriptor) }

    func send(_ bytes: [UInt8]) throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = unsafe rest.withUnsafeBytes {
                unsafe Glibc.send(
                    descriptor,
                    $0.baseAddress,
                    $0.count,
                    Int32(MSG_NOSIGNAL)
                )
            }
            guard count > 0 else { throw CommandFailure("send: errno \(errno)") }
            rest = rest.dropFirst(count)
        }
    }

    func send(_ text: String) throws { try send(Array(text.utf8)) }

    /// The next bytes; none at the end of the connection.
    func receive() async throws -> [UInt8] { try await Blocking.run { try self.receiveNow() } }

    private func receiveNow() throws -> [UInt8] {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        var count = -1
        repeat {
            count = unsafe buffer.withUnsafeMutableBytes {
                unsafe recv(descriptor, $0.baseAddress, $0.count, 0)
            }
            // A socket with a time limit is interrupted by whatever stops the process for a moment (signal(7)).
        } while count < 0 && errno == EINTR
        // A reset is an end, too: the hub closed while it had unread bytes.
        if count < 0, errno == ECONNRESET { return [] }
        guard count >= 0 else { throw CommandFailure("receive: errno \(errno)") }
        return Array(buffer[..<count])
    }

    /// All bytes until the end of the connection.
    func receiveAll() async throws -> [UInt8] {
        var bytes: [UInt8] = []
        while true {
            let more = try await receive()
            if more.isEmpty { return bytes }
            bytes += more
        }
    }

    /// Reads until a text has come.
    func receive(until text: String) async throws -> String {
        var bytes: [UInt8] = []
        while true {
            let more = try await receive()
            bytes += more
            let all = String(decoding: bytes, as: UTF8.self)
            if all.contains(text) { return all }
            if more.isEmpty { throw CommandFailure("ended before \(text): \(all)") }
        }
    }
}

/// Work that waits, on a thread of its own: the few threads of tasks are the hub's, too.
enum Blocking {
    static func run<Value: Sendable>(
        _ work: @escaping @Sendable () throws -> Value
    ) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            Thread { continuation.resume(with: Result(catching: work)) }.start()
        }
    }

    /// Runs a program that calls the hub.
    static func command(_ arguments: [String]) async throws -> Command.Result {
        try await run { try Command.run(arguments) }
    }
}

/// A socket that takes the notes of a service, as systemd does.
final class TestDatagrams: Sendable {
    private let descriptor: Int32

    init(path: String) throws {
        descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var limit = timeval(tv_sec: 60, tv_usec: 0)
        unsafe setsockopt(
            descriptor,
            SOL_SOCKET,
            SO_RCVTIMEO,
            &limit,
            socklen_t(MemoryLayout<timeval>.size)
        )
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        guard path.utf8.count < 108 else { throw CommandFailure("the path is too long") }
        unsafe withUnsafeMutableBytes(of: &address.sun_path) {
            unsafe $0.copyBytes(from: path.utf8)
        }
        let result = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard result == 0 else { throw CommandFailure("bind: errno \(errno)") }
    }

    deinit { close(descriptor) }

    /// The next note.
    func next() async throws -> String {
        let descriptor = descriptor
        return try await Blocking.run {
            var buffer = [UInt8](repeating: 0, count: 4096)
            let count = unsafe buffer.withUnsafeMutableBytes {
                unsafe recv(descriptor, $0.baseAddress, $0.count, 0)
            }
            guard count >= 0 else { throw CommandFailure("no note: errno \(errno)") }
            return String(decoding: buffer[..<count], as: UTF8.self)
        }
    }
}
