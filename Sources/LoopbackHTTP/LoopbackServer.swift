import CLinux
import Glibc
import Linux
package import SystemPackage

/// An HTTP server on loopback for one use: it answers until a response that is its last, or until its
/// time is over.
package struct LoopbackServer: ~Copyable {
    static let connectionLimit = 16
    /// The time of a connection for its request and its response.
    static let connectionTime = Duration.seconds(10)
    /// The time of a browser to read a response.
    static let drainTime = Duration.seconds(1)

    private let listeners: LoopbackListeners
    private let fields: [(String, String)]
    private var connections: [LoopbackConnection] = []

    /// Listens on `port` of 127.0.0.1 and ::1; `fields` go into the head of each response.
    package init(port: UInt16, fields: [(String, String)]) throws(Errno) {
        listeners = try LoopbackListeners(port: port)
        self.fields = fields
    }

    /// Serves until the last response is sent; false if `end` came first.
    package mutating func serve(
        until end: ContinuousClock.Instant,
        respond: (Result<HTTPRequest, HTTPStatus>) -> HTTPResponse
    ) throws(Errno) -> Bool {
        while true {
            let now = ContinuousClock.now
            guard now < end else { return false }
            connections.removeAll { $0.end <= now && !$0.isLast }
            let ready = try wait(until: connections.map(\.end).reduce(end, min))
            let isOver = answer(ready, respond)
            if isOver { return true }
            for listener in listeners.descriptors where ready.contains(listener) {
                accept(at: listener)
            }
        }
    }

    /// The descriptors that something can be done with.
    private func wait(until end: ContinuousClock.Instant) throws(Errno) -> Set<Int32> {
        var polled = listeners.descriptors.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
        polled += connections.map { pollfd(fd: $0.descriptor, events: $0.events, revents: 0) }
        let rest = max(Duration.zero, ContinuousClock.now.duration(to: end))
        let milliseconds = Int32(
            clamping: rest / .milliseconds(1) < 2e9
                ? Int64((rest / .milliseconds(1)).rounded(.up)) : 2_000_000_000
        )
        try SystemCall.check { unsafe poll(&polled, nfds_t(polled.count), milliseconds) }
        return Set(polled.filter { $0.revents != 0 }.map(\.fd))
    }

    /// Lets each ready connection go on; returns whether the last response is through.
    private mutating func answer(
        _ ready: Set<Int32>,
        _ respond: (Result<HTTPRequest, HTTPStatus>) -> HTTPResponse
    ) -> Bool {
        var over: Set<Int32> = []
        for connection in connections where ready.contains(connection.descriptor) {
            let goesOn = connection.advance { request in
                let response = respond(request)
                return (response.encoded(fields), response.isLast)
            }
            if !goesOn { over.insert(connection.descriptor) }
        }
        let now = ContinuousClock.now
        let isOver = connections.contains {
            $0.isLast && (over.contains($0.descriptor) || $0.end <= now)
        }
        connections.removeAll { over.contains($0.descriptor) }
        return isOver
    }

    /// Takes a connection; the oldest that has not asked yet makes room for it.
    private mutating func accept(at listener: Int32) {
        guard let socket = try? OwnedDescriptor.opening({ clinux_accept(listener) }) else { return }
        if connections.count >= Self.connectionLimit {
            guard let oldest = connections.firstIndex(where: \.isReading) else { return }
            connections.remove(at: oldest)
        }
        let end = ContinuousClock.now + Self.connectionTime
        connections.append(LoopbackConnection(adopting: socket, until: end))
    }
}
