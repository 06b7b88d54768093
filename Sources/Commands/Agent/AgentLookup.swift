import AgentInterface
import ArgumentParser
import CommandSupport
import AgentSettings
import Grants
import Varlink

/// Finds the agent, for commands that need it alone.
extension PolicyOptions {
    /// The agent, also while the policy on disk is broken: revoking must not wait for its mending.
    ///
    /// The agent is then asked at the socket that the broken file still names.
    func session(_ console: Console) throws(CommandFailure) -> AgentSession {
        let path = path(console)
        do throws(CommandFailure) {
            return try AgentSession(try Self.load(path, failingWith: .configuration))
        } catch {
            guard error.status == .configuration, let socket = Self.socket(namedIn: path) else {
                throw error
            }
            for line in error.message.split(separator: "\n") {
                console.note("jitgate: \(DisplayText.safe(String(line)))")
            }
            console.note("jitgate: asking the agent at \(DisplayText.safe(socket)) all the same")
            return try AgentSession(socket: socket, group: Configuration.defaults.controlGroup)
        }
    }

    /// The value of a line `socket = "…"`.
    static func socket(namedIn path: String) -> String? {
        guard let bytes = try? GrantFile.read(path, limit: Configuration.fileLimit) else {
            return nil
        }
        for line in String(decoding: bytes, as: UTF8.self).split(separator: "\n") {
            let words = line.split(separator: "=", maxSplits: 1)
            guard words.count == 2, words[0].filter({ $0 != " " }) == "socket" else { continue }
            let parts = words[1].split(separator: "\"", omittingEmptySubsequences: false)
            if parts.count == 3, parts[1].hasPrefix("/") { return String(parts[1]) }
        }
        return path == defaultPath ? Configuration.defaults.controlSocket : nil
    }
}

/// The grant ids that the shell offers for completion.
enum GrantCompletion {
    /// The ids of grants that wait or are open; none if the agent does not say.
    static let kind = CompletionKind.custom { words, _, _ in
        let named = words.firstIndex(of: "--config").map { words.dropFirst($0 + 1).first ?? "" }
        let path = named ?? Console.system().variable("JITGATE_CONFIG") ?? PolicyOptions.defaultPath
        guard let configuration = try? PolicyOptions.load(path, failingWith: .configuration),
            let client = try? VarlinkClient.connecting(to: configuration.controlSocket),
            let grants = try? client.call(AgentInterface.list, ListParameters(all: false)).grants
        else { return [] }
        return grants.map(\.id.description)
    }
}
