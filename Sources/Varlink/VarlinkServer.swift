import Dispatch
package import Linux
package import SystemPackage

/// The service's end of a Varlink socket: connections in, checked calls to the handler, replies out.
///
/// It lives on its executor's queue, where the handler is called too, and does nothing between
/// events. One turn takes at most one call of one peer, and then all else that waits on the queue
/// goes before the next: no peer keeps an alarm, a file or a revocation waiting. PROTOCOL.control,
/// sections 1 and 2, has the bounds of what it takes from a peer.
package actor VarlinkServer {
    /// Takes each checked call, which may be answered at once or later.
    package typealias Handler = @Sendable (CheckedCall, PeerCredentials, AnyPendingCall) -> Void

    /// The bounds of everything that all peers together may take up.
    package struct Limits: Sendable {
        package let connections: Int
        /// The number of them that are for root alone.
        package let reservedForRoot: Int
        /// The number of the others that one user may have.
        package let ofOneUser: Int
        /// A watcher with more bytes than this waiting for it is told that it is too slow.
        package let backlogBytes: Int
        /// With more bytes than this waiting for all peers, those with the most are disconnected.
        package let totalBacklogBytes: Int

        package init(
            connections: Int,
            reservedForRoot: Int,
            ofOneUser: Int = 32,
            backlogBytes: Int,
            totalBacklogBytes: Int = 64 << 20
        ) {
            self.connections = connections
            self.reservedForRoot = reservedForRoot
            self.ofOneUser = ofOneUser
            self.backlogBytes = backlogBytes
            self.totalBacklogBytes = totalBacklogBytes
        }

        package static let standard = Limits(
            connections: 64,
            reservedForRoot: 8,
            backlogBytes: 1 << 20
        )
    }

    package nonisolated var unownedExecutor: UnownedSerialExecutor {
        unsafe executor.asUnownedSerialExecutor()
    }

    let executor: EngineExecutor
    private let listener: UnixListener
    private let limits: Limits
    let router: CallRouter
    /// The last reply to peers that read too slowly.
    private let tooSlow: EncodedReply
    let handler: Handler
    private var listening: DescriptorSource?
    var connections: [Int: ServerConnection] = [:]
    private var lastConnection = 0
    var queue = CallQueue()
    /// True if a turn will come by itself.
    var isTurnDue = false
    /// The moment at which those will be served that used up their allowance; `nil` if none waits.
    var restsUntil: Int64?

    package init(
        listener: UnixListener,
        router: CallRouter,
        limits: Limits = .standard,
        on executor: EngineExecutor,
        handler: @escaping Handler
    ) {
        self.listener = listener
        self.router = router
        tooSlow = EncodedReply(VarlinkReply(router.interface.tooSlow))
        self.limits = limits
        self.executor = executor
        self.handler = handler
    }

    /// Begins to accept connections.
    package func start() throws(Errno) {
        listening = try DescriptorSource(reading: listener.fileDescriptor, on: executor) {
            [weak self] in
            self?.assumeIsolated { $0.acceptSome() }
        }
    }

    /// Closes every connection and accepts no more.
    package func stop() {
        listening = nil
        connections.values.forEach(close)
    }

    // MARK: connections

    private func acceptSome() {
        // Level-triggered: peers that still wait after these are reported again.
        for _ in 0..<16 {
            do throws(Errno) {
                guard let socket = try listener.accept() else { return }
                try admit(socket)
            } catch .connectionAbort {
                continue
            } catch {
                return restAndRetry()
            }
        }
    }

    /// Out of descriptors or memory: looking again at once would spin.
    private func restAndRetry() {
        listening = nil
        executor.queue.asyncAfter(deadline: .now() + .seconds(1)) { [weak self] in
            self?.assumeIsolated { $0.acceptAgain() }
        }
    }

    private func acceptAgain() {
        do throws(Errno) {
            try start()
        } catch {
            restAndRetry()
        }
    }

    private func admit(_ socket: UnixConnection) throws(Errno) {
        guard hasRoom(for: socket.peer.userID) else { return }
        lastConnection += 1
        let connection = ServerConnection(id: lastConnection, socket: socket)
        connections[connection.id] = connection
        do throws(Errno) {
            try resumeReading(connection)
        } catch {
            connections[connection.id] = nil
            throw error
        }
    }

    private func hasRoom(for user: UInt32) -> Bool {
        guard user != 0 else { return connections.count < limits.connections }
        let own = connections.values.count { $0.socket.peer.userID == user }
        return own < limits.ofOneUser
            && connections.count < limits.connections - limits.reservedForRoot
    }

    func close(_ connection: ServerConnection) {
        connections[connection.id] = nil
        queue.remove(connection.id, of: connection.socket.peer.userID)
        connection.cancel()
    }

    // MARK: replies

    func isWaiting(_ id: CallID) -> Bool {
        connections[id.connection]?.current?.id == id
    }

    /// Counts time spent on a call elsewhere as time spent here.
    func charge(_ microseconds: Int64, for id: CallID) {
        guard let user = connections[id.connection]?.socket.peer.userID else { return }
        queue.charge(microseconds, to: user, at: ClockReading.monotonicMicroseconds())
    }

    func answer(_ id: CallID, with reply: EncodedReply) {
        guard let connection = connections[id.connection], connection.current?.id == id else {
            return
        }
        let isTooSlow = reply.continues && connection.backlog > limits.backlogBytes
        connection.take(isTooSlow ? tooSlow : reply)
        flush(connection)
        if connection.backlog > 0 { boundBacklogs() }
        if connections[id.connection] != nil { settle(connection) }
    }

    /// Disconnects the peers that read the least, root last, while too much waits to be read.
    private func boundBacklogs() {
        var total = connections.values.reduce(0) { $0 + $1.backlog }
        guard total > limits.totalBacklogBytes else { return }
        let rank = { (connection: ServerConnection) in
            (connection.socket.peer.userID == 0 ? 0 : 1, connection.backlog)
        }
        for connection in connections.values.sorted(by: { rank($0) > rank($1) }) {
            total -= connection.backlog
            close(connection)
            guard total > limits.totalBacklogBytes else { return }
        }
    }

    func flush(_ connection: ServerConnection) {
        do throws(Errno) {
            let id = connection.id
            try connection.flush(on: executor) { [weak self] in
                self?.assumeIsolated { $0.writable(id) }
            }
        } catch {
            close(connection)
        }
    }

    private func writable(_ id: Int) {
        guard let connection = connections[id] else { return }
        flush(connection)
        if connections[id] != nil { settle(connection) }
    }
}
