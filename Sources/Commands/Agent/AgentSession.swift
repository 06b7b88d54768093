import AgentInterface
import CommandSupport
import AgentSettings
import Glibc
import StrictJSON
import SystemPackage
import Varlink

/// A connection to the agent whose failures are those of a command.
struct AgentSession {
    /// Between two looks for an agent, in microseconds.
    private static let pause: UInt32 = 200_000

    private let client: VarlinkClient
    private let socket: String
    private let group: String

    init(_ configuration: Configuration) throws(CommandFailure) {
        try self.init(socket: configuration.controlSocket, group: configuration.controlGroup)
    }

    init(socket: String, group: String) throws(CommandFailure) {
        self.socket = socket
        self.group = group
        do throws(ClientError) {
            client = try VarlinkClient.connecting(to: socket)
        } catch {
            throw Self.failure(error, group: group)
        }
    }

    /// Calls a method of the agent.
    func ask<Parameters, Reply>(
        _ method: MethodDescriptor<Parameters, Reply>,
        _ parameters: Parameters
    ) throws(CommandFailure) -> Reply {
        do throws(ClientError) {
            return try client.call(method, parameters)
        } catch {
            throw Self.failure(error, group: group)
        }
    }

    func ask<Reply>(
        _ method: MethodDescriptor<NoParameters, Reply>
    ) throws(CommandFailure) -> Reply {
        try ask(method, NoParameters())
    }

    /// The result of a dropped file; `pending` if there is none in time.
    func result(
        of file: VerdictParameters,
        timeoutMilliseconds: Int32
    ) throws(CommandFailure) -> SubmissionResult {
        do throws(ClientError) {
            let method = AgentInterface.verdict
            let timeout = timeoutMilliseconds
            return try client.lastReply(method, file, timeoutMilliseconds: timeout) ?? .pending
        } catch {
            throw Self.failure(error, group: group)
        }
    }

    /// Hands over each record, at first `nil` once the agent listens; returns when it hangs up.
    func watch(
        _ body: (JSONValue?) throws(CommandFailure) -> Void
    ) throws(CommandFailure) {
        var failure: CommandFailure?
        do throws(ClientError) {
            try client.stream(AgentInterface.watch) { reply in
                do throws(CommandFailure) {
                    try body(reply.record)
                } catch {
                    failure = error
                }
                return failure == nil
            }
        } catch {
            switch error {
            case .disconnected, .broken: break
            default: throw Self.failure(error, group: group)
            }
        }
        if let failure { throw failure }
    }

    /// A connection to the next agent at the same place, as soon as there is one.
    func next() -> Self {
        while true {
            usleep(Self.pause)
            // Whatever the reason: a new socket lets in nobody but root for a moment.
            if let session = try? Self(socket: socket, group: group) { return session }
        }
    }

    static func failure(_ error: ClientError, group: String) -> CommandFailure {
        let readers = "root may change, the group \(group) may look"
        return switch error {
        case .unreachable(_, .permissionDenied):
            CommandFailure(.noPermission, "\(error)", hints: [readers])
        case .unreachable:
            CommandFailure(
                .unavailable,
                "\(error)",
                hints: ["is it running? systemctl status jitgated"]
            )
        case .fault(let fault): failure(fault, "\(error)", hints: [readers])
        case .timedOut: CommandFailure(.temporary, "\(error)")
        case .disconnected:
            CommandFailure(
                .unavailable,
                "\(error)",
                hints: ["did it stop? systemctl status jitgated"]
            )
        case .broken, .malformed: CommandFailure(.unavailable, "\(error)")
        }
    }
    private static func failure(
        _ fault: VarlinkError,
        _ text: String,
        hints: [String]
    ) -> CommandFailure {
        if fault == .permissionDenied { return CommandFailure(.noPermission, text, hints: hints) }
        if let problems = fault.policyProblems {
            return CommandFailure(.no, ([text] + problems).joined(separator: "\n"))
        }
        return CommandFailure(fault.isKnown ? .no : .unavailable, text)
    }
}
