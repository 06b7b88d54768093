package import Linux
package import StrictJSON
import SystemPackage
package import Varlink

/// The client's end of the control socket; its calls block.
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

    // MARK: the methods of the agent

    package func status() throws(ClientError) -> AgentStatus {
        try call("Status")
    }

    package func list(all: Bool) throws(ClientError) -> [GrantEntry] {
        try call("List", ["all": .bool(all)], as: GrantList.self).grants
    }

    /// Answers the ids that were revoked.
    package func revoke(
        _ target: ControlRequest.Target,
        reason: String
    ) throws(ClientError) -> [String] {
        let parameters: JSONValue =
            switch target {
            case .all: ["all": true, "reason": .string(reason)]
            case .ids(let ids): ["ids": JSONValue(texts: ids), "reason": .string(reason)]
            }
        return try call("Revoke", parameters, as: RevokeReply.self).revoked
    }

    /// `sessions` are the caller's own, as sshd writes SSH_CONNECTION: they go on before others.
    package func reload(sessions: [String] = []) throws(ClientError) -> ReloadReply {
        try call("Reload", ["sessions": JSONValue(texts: sessions)])
    }

    package func tryPolicy(
        seconds: Int,
        sessions: [String] = []
    ) throws(ClientError) -> TrialReply {
        try call(
            "Try",
            ["seconds": .integer(Int64(seconds)), "sessions": JSONValue(texts: sessions)]
        )
    }

    package func confirm() throws(ClientError) -> ReloadReply {
        try call("Confirm")
    }

    package func acceptClock() throws(ClientError) -> AcceptClockReply {
        try call("AcceptClock")
    }

    package func explain(source: String, port: String) throws(ClientError) -> Explanation {
        try call("Explain", ["source": .string(source), "port": .string(port)])
    }

    package func rekey() throws(ClientError) -> RekeyReply {
        try call("Rekey")
    }

    package func inspect() throws(ClientError) -> Inspection {
        try call("Inspect")
    }

    /// What became of a dropped file; `pending` if nothing did in time.
    package func verdict(
        file: String,
        sha256: String,
        timeoutMilliseconds: Int32
    ) throws(ClientError) -> SubmissionResult {
        try send("Verdict", ["file": .string(file), "sha256": .string(sha256)], wantsMore: true)
        let start = ContinuousClock.now
        while true {
            let spent = (ContinuousClock.now - start) / .milliseconds(1)
            let left = max(0, timeoutMilliseconds - Int32(min(spent, 1e9)))
            guard let reply = try receive(timeoutMilliseconds: left) else { return .pending }
            if !reply.continues { return try value(reply) }
        }
    }

    /// Calls `body` with each record until it answers `false`; the first call has none.
    package func watch(_ body: (JSONValue?) -> Bool) throws(ClientError) {
        try send("Watch", [:], wantsMore: true)
        while let reply = try receive() {
            let watched: WatchReply = try value(reply)
            guard body(watched.record), reply.continues else { return }
        }
    }

    // MARK: any method

    private func call<Value: VarlinkCodable>(
        _ method: String,
        _ parameters: JSONValue = [:],
        as type: Value.Type = Value.self
    ) throws(ClientError) -> Value {
        try send(method, parameters)
        // A reload or a revocation waits for the kernel and the disk, and these for others.
        guard let reply = try receive(timeoutMilliseconds: 60_000) else { throw .timedOut }
        return try value(reply)
    }

    private func send(
        _ method: String,
        _ parameters: JSONValue,
        wantsMore: Bool = false
    ) throws(ClientError) {
        try send(
            VarlinkCall(
                method: "\(AgentInterface.name).\(method)",
                parameters: parameters,
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
            guard let fault = VarlinkError(name: name, parameters: reply.parameters) else {
                throw .malformed("error \(name)")
            }
            throw .fault(fault)
        }
        do throws(MemberError) {
            return try Value(from: reply.parameters)
        } catch {
            throw .malformed("\(error)")
        }
    }
}
