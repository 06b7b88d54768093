package import Linux
import StrictJSON
import SystemPackage

/// The client's end of a Varlink socket; its calls block.
package final class VarlinkClient {
    private let socket: UnixConnection
    private var framing = MessageFraming(limit: 1 << 28)

    package init(socket: UnixConnection) {
        self.socket = socket
    }

    package static func connecting(to path: String) throws(ClientError) -> VarlinkClient {
        do throws(Errno) {
            return VarlinkClient(socket: try UnixConnection.connecting(to: path))
        } catch {
            throw .unreachable(path: path, error)
        }
    }

    /// The descriptor that becomes readable when a reply comes.
    package var fileDescriptor: Int32 { socket.fileDescriptor }

    /// True if more than the last reply has come: the descriptor does not tell of what was read already.
    package var hasUnreadBytes: Bool { framing.pendingCount > 0 }

    // MARK: methods

    /// Calls a method and waits for its reply.
    package func call<Parameters, Reply>(
        _ method: MethodDescriptor<Parameters, Reply>,
        _ parameters: Parameters
    ) throws(ClientError) -> Reply {
        try send(method, parameters)
        // A reload or a revocation waits for the kernel and the disk, and these for others.
        guard let reply = try receive(timeoutMilliseconds: 60_000) else { throw .timedOut }
        return try value(reply)
    }

    package func call<Reply>(
        _ method: MethodDescriptor<NoParameters, Reply>
    ) throws(ClientError) -> Reply {
        try call(method, NoParameters())
    }

    /// Calls a method that may reply more than once; returns its last reply, or `nil` if that did
    /// not come in time.
    package func lastReply<Parameters, Reply>(
        _ method: MethodDescriptor<Parameters, Reply>,
        _ parameters: Parameters,
        timeoutMilliseconds: Int32
    ) throws(ClientError) -> Reply? {
        try send(method, parameters, wantsMore: true)
        let start = ContinuousClock.now
        while true {
            let spent = (ContinuousClock.now - start) / .milliseconds(1)
            let left = max(0, timeoutMilliseconds - Int32(min(spent, 1e9)))
            guard let reply = try receive(timeoutMilliseconds: left) else { return nil }
            if !reply.continues { return try value(reply) }
        }
    }

    /// Calls a method that replies more than once; calls `body` with each reply until it answers
    /// `false`.
    package func stream<Reply>(
        _ method: MethodDescriptor<NoParameters, Reply>,
        _ body: (Reply) -> Bool
    ) throws(ClientError) {
        try send(method, NoParameters(), wantsMore: true)
        while let reply = try receive() {
            guard body(try value(reply)), reply.continues else { return }
        }
    }

    // MARK: messages

    private func send<Parameters, Reply>(
        _ method: MethodDescriptor<Parameters, Reply>,
        _ parameters: Parameters,
        wantsMore: Bool = false
    ) throws(ClientError) {
        try send(
            VarlinkCall(
                method: "\(method.interface).\(method.name)",
                parameters: parameters.jsonValue,
                wantsMore: wantsMore
            )
        )
    }

    package func send(_ call: VarlinkCall) throws(ClientError) {
        var rest = MessageFraming.frame(call.message)[...]
        do throws(Errno) {
            while !rest.isEmpty { rest = rest.dropFirst(try socket.write(rest)) }
        } catch .brokenPipe {
            throw .disconnected
        } catch {
            throw .broken(error)
        }
    }

    /// The next reply, or `nil` if none came in time; -1 waits for ever.
    package func receive(timeoutMilliseconds: Int32 = -1) throws(ClientError) -> VarlinkReply? {
        do {
            while true {
                if let message = try framing.next() { return try VarlinkReply(message: message) }
                guard try socket.waitToRead(milliseconds: timeoutMilliseconds) else { return nil }
                let bytes = try socket.read(65_536)
                guard !bytes.isEmpty else { throw ClientError.disconnected }
                framing.append(bytes)
            }
        } catch let error as Errno {
            throw error == .connectionReset ? .disconnected : .broken(error)
        } catch let error as ClientError {
            throw error
        } catch {
            throw .malformed("\(error)")
        }
    }

    /// The parameters of a reply that is no error.
    package func value<Value: VarlinkCodable>(_ reply: VarlinkReply) throws(ClientError) -> Value {
        if let name = reply.error {
            throw .fault(VarlinkError(name: name, parameters: reply.parameters))
        }
        do throws(VarlinkError) {
            return try Value(from: reply.parameters)
        } catch {
            let member = error.parameters["parameter"]?.text ?? ""
            throw .malformed("the member `\(member)` is missing or of the wrong type")
        }
    }
}
