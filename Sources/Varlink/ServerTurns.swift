import Dispatch
import Linux
import SystemPackage

/// The turns of the server: one call of one connection, and everything else in between.
extension VarlinkServer {
    func resumeReading(_ connection: ServerConnection) throws(Errno) {
        let id = connection.id
        try connection.resumeReading(on: executor) { [weak self] in
            self?.assumeIsolated { $0.readable(id) }
        }
    }

    /// There is something to read, which waits for the connection's turn.
    private func readable(_ id: Int) {
        guard let connection = connections[id] else { return }
        connection.pauseReading()
        enqueue(turnOf: connection)
    }

    /// Closes a connection that is done, and reads on or waits as its state demands.
    func settle(_ connection: ServerConnection) {
        if connection.isDone { return close(connection) }
        guard !connection.hasUnreadInput else {
            connection.pauseReading()
            return enqueue(turnOf: connection)
        }
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

    private func enqueue(turnOf connection: ServerConnection) {
        queue.add(connection.id, of: connection.socket.peer.userID)
        guard !isTurnDue else { return }
        isTurnDue = true
        // Behind all that the queue holds by now.
        executor.queue.async { [weak self] in self?.assumeIsolated { $0.takeTurn() } }
    }

    private func takeTurn() {
        let begin = ClockReading.monotonicMicroseconds()
        switch queue.next(at: begin) {
        case .nobody: isTurnDue = false
        case .at(let moment): rest(until: moment, since: begin)
        case .connection(let id):
            if let connection = connections[id] {
                serve(connection)
                let end = ClockReading.monotonicMicroseconds()
                queue.charge(end - begin, to: connection.socket.peer.userID, at: end)
            }
            executor.queue.async { [weak self] in self?.assumeIsolated { $0.takeTurn() } }
        }
    }

    /// Lets peers rest that have used what they may; others that come meanwhile need not wait for
    /// them.
    private func rest(until moment: Int64, since now: Int64) {
        isTurnDue = false
        if let restsUntil, restsUntil <= moment { return }
        restsUntil = moment
        let pause = DispatchTimeInterval.microseconds(Int(clamping: max(1000, moment - now)))
        executor.queue.asyncAfter(deadline: .now() + pause) { [weak self] in
            self?.assumeIsolated { $0.goOn(restedUntil: moment) }
        }
    }

    private func goOn(restedUntil moment: Int64) {
        if restsUntil == moment { restsUntil = nil }
        guard !isTurnDue else { return }
        isTurnDue = true
        takeTurn()
    }

    /// Takes the next call of a connection, if it waits for no other and one is there.
    private func serve(_ connection: ServerConnection) {
        if !connection.hasUnreadInput {
            guard connection.readAvailable() else { return close(connection) }
        }
        if connection.hasUnreadInput {
            switch connection.nextCall() {
            case .call(let call): perform(call, on: connection)
            case .notYet: break
            case .violation: return close(connection)
            }
        }
        if connections[connection.id] != nil { settle(connection) }
    }

    private func perform(_ call: VarlinkCall, on connection: ServerConnection) {
        let peer = connection.socket.peer
        let id = connection.begin(call)
        switch router.route(call, from: peer) {
        case .answer(let reply): answer(id, with: EncodedReply(reply))
        case .ask(let checked):
            let pending = AnyPendingCall(server: self, callID: id, wantsMore: call.wantsMore)
            handler(checked, peer, pending)
        }
    }
}
