import AgentInterface
import Configuration
import Glibc
import StrictJSON
import SystemPackage

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

    /// Asks the agent something.
    func ask<Answer>(
        _ question: (VarlinkClient) throws(ClientError) -> Answer
    ) throws(CommandFailure) -> Answer {
        do throws(ClientError) {
            return try question(client)
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
            try client.watch { record in
                do throws(CommandFailure) {
                    try body(record)
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
        case .fault(.permissionDenied):
            CommandFailure(.noPermission, "\(error)", hints: [readers])
        case .fault(.reloadRefused(let problems)):
            CommandFailure(.no, ([error.description] + problems).joined(separator: "\n"))
        case .fault: CommandFailure(.no, "\(error)")
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
}
