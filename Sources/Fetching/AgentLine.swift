import Grants
import StrictJSON
import Varlink

/// The reason why the agent gave no note.
struct AgentLineError: Error, Hashable, CustomStringConvertible {
    let description: String
}

/// Asks the agent for the signed status of the host, and hears when it changes.
///
/// The methods are called by name: the types of the interface would bring all of the policy along.
final class AgentLine {
    private static let patience: Int32 = 10_000

    private let path: String
    /// The connection on which the agent says that something has changed.
    private var waiting: VarlinkClient?

    init(path: String) {
        self.path = path
    }

    /// The descriptor that becomes readable when something has changed, if the agent was asked.
    var descriptor: Int32? { waiting?.fileDescriptor }

    /// True if the note was out of date when it came.
    var hasChanged: Bool { waiting?.hasUnreadBytes ?? false }

    /// The signed status of now; from here on changes are heard.
    func attest() throws(AgentLineError) -> String {
        waiting = nil
        do throws(ClientError) {
            let client = try VarlinkClient.connecting(to: path)
            let reply = try Self.ask(client, "Attest", [:], wantsMore: true)
            guard let note = reply["note"]?.text else {
                throw ClientError.malformed("there is no note in it")
            }
            waiting = client
            return note
        } catch {
            throw Self.error(error)
        }
    }

    /// The proof that the log grew from size to size.
    func prove(_ sizes: [Int64]) throws(AgentLineError) -> String {
        do throws(ClientError) {
            let client = try VarlinkClient.connecting(to: path)
            let list = JSONValue.array(sizes.map(JSONValue.integer))
            let reply = try Self.ask(client, "Prove", ["sizes": list], wantsMore: false)
            guard let proof = reply["proof"]?.text else {
                throw ClientError.malformed("there is no proof in it")
            }
            return proof
        } catch {
            throw Self.error(error)
        }
    }

    /// The descriptor was readable: something has changed, or the agent hung up.
    func hangUp() { waiting = nil }

    private static func ask(
        _ client: VarlinkClient,
        _ method: String,
        _ parameters: JSONValue,
        wantsMore: Bool
    ) throws(ClientError) -> JSONValue {
        let name = "io.jitgate.Agent.\(method)"
        try client.send(
            VarlinkCall(method: name, parameters: parameters, wantsMore: wantsMore)
        )
        guard let reply = try client.receive(timeoutMilliseconds: patience) else {
            throw .timedOut
        }
        if let fault = reply.error {
            throw .fault(VarlinkError(name: fault, parameters: reply.parameters))
        }
        return reply.parameters
    }

    private static func error(_ error: ClientError) -> AgentLineError {
        var text = "the agent: \(error)"
        if case .fault(let fault) = error, let reason = fault.parameters["reason"]?.text {
            text = "the agent: \(reason)"
        }
        return AgentLineError(description: TerminalText.safe(text))
    }
}
