import Dispatch
package import Linux
package import SystemPackage

/// The agent's end of the control socket: connections in, requests to the handler, replies out.
///
/// It lives on the engine's queue, where the handler is called too, and does nothing between
/// events. What it takes from a peer is bounded: PROTOCOL.control, sections 1 and 2.
package actor ControlServer {
    /// Takes each checked request; the replier may be used at once or later.
    package typealias Handler = @Sendable (ControlRequest, PeerCredentials, ControlReplier) -> Void

    /// What all peers together may take up.
    package struct Limits: Sendable {
        package let connections: Int
        /// How many of them are for root alone.
        package let reservedForRoot: Int
        /// A watcher with more bytes than this waiting for it is cut off.
        package let backlogBytes: Int

        package init(connections: Int, reservedForRoot: Int, backlogBytes: Int) {
            self.connections = connections
            self.reservedForRoot = reservedForRoot
            self.backlogBytes = backlogBytes
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

    private let executor: EngineExecutor
    private let listener: UnixListener
    private let limits: Limits
    private let router: CallRouter
    private let handler: Handler
    private var listening: DescriptorSource?
    private var connections: [Int: ControlConnection] = [:]
    private var lastConnection = 0

    package init(
        listener: UnixListener,
        router: CallRouter,
        limits: Limits = .standard,
        on executor: EngineExecutor,
        handler: @escaping Handler
    ) {
        self.listener = listener
        self.router = router
        self.limits = limits
        self.executor = executor
        self.handler = handler
    }

    /// Begins to accept connections.
    package func start() throws(Errno) {
        listening = try DescriptorSource(reading: listener.fileDescriptor, on: executor) {
            [weak self] in
            self?.assumeIsolated { $0.acceptAll() }
        }
    }

    /// Closes every connection and accepts no more.
    package func stop() {
        listening = nil
        connections = [:]
    }

    // MARK: connections

    private func acceptAll() {
        // Level-triggered: whoever still waits after these is reported again.
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
        let isRoot = socket.peer.userID == 0
        let room = limits.connections - (isRoot ? 0 : limits.reservedForRoot)
        guard connections.count < room else { return }
        lastConnection += 1
        let connection = ControlConnection(id: lastConnection, socket: socket)
        connections[connection.id] = connection
        do throws(Errno) {
            try resumeReading(connection)
        } catch {
            connections[connection.id] = nil
            throw error
        }
    }

    private func close(_ connection: ControlConnection) {
        connections[connection.id] = nil
        connection.cancel()
    }

    private func resumeReading(_ connection: ControlConnection) throws(Errno) {
        let id = connection.id
        try connection.resumeReading(on: executor) { [weak self] in
            self?.assumeIsolated { $0.readable(id) }
        }
    }

    private func readable(_ id: Int) {
        guard let connection = connections[id] else { return }
        guard connection.readAvailable() else { return close(connection) }
        advance(connection)
    }

    private func writable(_ id: Int) {
        guard let connection = connections[id] else { return }
        flush(connection)
        if connections[id] != nil { advance(connection) }
    }

    // MARK: calls

    /// Takes one call after the other until one waits for its answer or nothing is left.
    private func advance(_ connection: ControlConnection) {
        guard !connection.isAdvancing else { return }
        connection.isAdvancing = true
        defer { connection.isAdvancing = false }
        while connections[connection.id] != nil, connection.isReadyForCall {
            switch connection.nextCall() {
            case .call(let call): perform(call, on: connection)
            case .notYet: return settle(connection)
            case .violation: return close(connection)
            }
        }
        if connections[connection.id] != nil { settle(connection) }
    }

    private func perform(_ call: VarlinkCall, on connection: ControlConnection) {
        let peer = connection.socket.peer
        let id = connection.begin(call)
        switch router.route(call, from: peer) {
        case .answer(let reply): answer(id, with: reply)
        case .ask(let request):
            let replier = ControlReplier(
                server: self,
                callID: id,
                wantsMore: call.wantsMore
            )
            handler(request, peer, replier)
        }
    }

    /// Closes a connection that is done, and reads on or waits as its state demands.
    private func settle(_ connection: ControlConnection) {
        if connection.isDone { return close(connection) }
        do throws(Errno) {
            if connection.wantsToRead {
                try resumeReading(connection)
            } else {
                connection.pauseReading()
            }
        } catch {
            close(connection)
        }
    }

    // MARK: replies

    func isWaiting(_ id: CallID) -> Bool {
        connections[id.connection]?.current?.id == id
    }

    func answer(_ id: CallID, with reply: VarlinkReply) {
        guard let connection = connections[id.connection], connection.current?.id == id else {
            return
        }
        if reply.continues, connection.backlog > limits.backlogBytes { return close(connection) }
        connection.take(reply)
        flush(connection)
        if connections[id.connection] != nil { advance(connection) }
    }

    private func flush(_ connection: ControlConnection) {
        do throws(Errno) {
            let id = connection.id
            try connection.flush(on: executor) { [weak self] in
                self?.assumeIsolated { $0.writable(id) }
            }
        } catch {
            close(connection)
        }
    }
}
