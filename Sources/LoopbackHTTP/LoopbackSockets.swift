import Glibc
import Linux
import SystemPackage

/// The listening sockets of one port on 127.0.0.1 and ::1.
///
/// Both, or none: with one of them taken by somebody else, a browser might reach them instead. A host
/// without IPv6 has only the first.
struct LoopbackListeners {
    /// A listening socket.
    private final class Listener {
        let socket: OwnedDescriptor

        init(_ socket: consuming OwnedDescriptor) { self.socket = socket }
    }

    private var listeners: [Listener] = []

    init(port: UInt16) throws(Errno) {
        listeners.append(try Self.listenIPv4(port))
        do throws(Errno) {
            listeners.append(try Self.listenIPv6(port))
        } catch {
            guard [.addressNotAvailable, .addressFamilyNotSupported].contains(error) else {
                throw error
            }
        }
    }

    /// The descriptors to accept at.
    var descriptors: [Int32] { listeners.map { $0.socket.rawValue } }

    private static func listenIPv4(_ port: UInt16) throws(Errno) -> Listener {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return try listen(AF_INET, at: address)
    }

    private static func listenIPv6(_ port: UInt16) throws(Errno) -> Listener {
        var address = sockaddr_in6()
        address.sin6_family = sa_family_t(AF_INET6)
        address.sin6_port = port.bigEndian
        address.sin6_addr = in6addr_loopback
        return try listen(AF_INET6, at: address)
    }

    private static func listen<Address>(
        _ family: Int32,
        at address: Address
    ) throws(Errno) -> Listener {
        let flags = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
        let made = Listener(try OwnedDescriptor.opening { socket(family, flags, 0) })
        let descriptor = made.socket.rawValue
        var yes: Int32 = 1
        // Connections of an earlier run may linger for a minute; another listener is still refused.
        unsafe setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, 4)
        if family == AF_INET6 {
            unsafe setsockopt(descriptor, Int32(IPPROTO_IPV6), IPV6_V6ONLY, &yes, 4)
        }
        try SystemCall.check {
            unsafe withUnsafePointer(to: address) {
                unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    unsafe bind(descriptor, $0, socklen_t(MemoryLayout<Address>.size))
                }
            }
        }
        try SystemCall.check { Glibc.listen(descriptor, 16) }
        return made
    }
}

/// A connection that brings one request and takes one response.
final class LoopbackConnection {
    private enum Phase {
        case reading(HTTPRequestParser)
        case writing(ArraySlice<UInt8>)
        /// All is sent; closing before the browser has read it could lose it.
        case draining
    }

    private let socket: OwnedDescriptor
    private var phase = Phase.reading(HTTPRequestParser())
    private(set) var end: ContinuousClock.Instant
    private(set) var isLast = false

    init(adopting socket: consuming OwnedDescriptor, until end: ContinuousClock.Instant) {
        self.socket = socket
        self.end = end
    }

    var descriptor: Int32 { socket.rawValue }

    /// True if it has not brought its request yet.
    var isReading: Bool {
        if case .reading = phase { true } else { false }
    }

    /// The events of poll(2) that it waits for.
    var events: Int16 {
        if case .writing = phase { Int16(POLLOUT) } else { Int16(POLLIN) }
    }

    /// Does what its socket is ready for; returns false when it is over.
    func advance(
        _ respond: (Result<HTTPRequest, HTTPStatus>) -> (bytes: [UInt8], isLast: Bool)
    ) -> Bool {
        switch phase {
        case .reading(var parser):
            guard let bytes = received(), !bytes.isEmpty else { return isWaiting }
            let outcome = Result { () throws(HTTPStatus) in try parser.append(bytes) }
            switch outcome {
            case .success(nil): phase = .reading(parser)
            case .success(let request?): send(respond(.success(request)))
            case .failure(let status): send(respond(.failure(status)))
            }
            return true
        case .writing(let rest): return write(rest)
        case .draining:
            guard let bytes = received() else { return isWaiting }
            return !bytes.isEmpty
        }
    }

    /// True if the last call failed only because it would have waited.
    private var isWaiting = false

    /// The bytes that have come; empty at the end, `nil` if nothing can be read.
    private func received() -> [UInt8]? {
        isWaiting = false
        do throws(Errno) {
            return try socket.readChunk(16_384)
        } catch {
            isWaiting = error == .wouldBlock
            return nil
        }
    }

    private func send(_ response: (bytes: [UInt8], isLast: Bool)) {
        isLast = response.isLast
        phase = .writing(response.bytes[...])
    }

    private func write(_ rest: ArraySlice<UInt8>) -> Bool {
        let count = unsafe rest.withUnsafeBytes {
            unsafe Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
        }
        guard count >= 0 else { return errno == EAGAIN || errno == EINTR }
        guard count == rest.count else {
            phase = .writing(rest.dropFirst(count))
            return true
        }
        shutdown(descriptor, Int32(SHUT_WR))
        phase = .draining
        end = min(end, ContinuousClock.now + LoopbackServer.drainTime)
        return true
    }
}
