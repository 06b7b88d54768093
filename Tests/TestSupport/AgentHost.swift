package import Foundation
import Grants
package import StrictJSON

/// A host of a test's own: a namespace, a policy, a signer's key and, when started, the real agent.
package final class AgentHost {
    package let namespace: NetworkNamespace
    package let key: SSHKey
    private let folder: TemporaryDirectory
    private var agent: Process?

    package var drop: String { folder.path + "/grants" }
    package var auditDirectory: String { folder.path + "/audit" }
    package var policyPath: String { folder.path + "/jitgate.toml" }

    package init() throws {
        namespace = try NetworkNamespace()
        key = try SSHKey()
        folder = try TemporaryDirectory(in: "/run")
        for name in ["grants", "audit", "state"] {
            try FileManager.default.createDirectory(
                atPath: folder.path + "/" + name,
                withIntermediateDirectories: false,
                attributes: [.posixPermissions: 0o700]
            )
        }
        try write("dana \(key.publicLine)\n", to: "allowed_signers")
        try writePolicy(mode: "enforce")
    }

    /// Replaces the policy on disk; `ports` are tables of it.
    package func writePolicy(mode: String, ports: String = "") throws {
        let policy = """
            mode = "\(mode)"
            hostname = "web-1"
            [grants]
            directories = ["\(drop)"]
            allowed_signers = "\(folder.path)/allowed_signers"
            [audit]
            directory = "\(folder.path)/audit"
            [state]
            directory = "\(folder.path)/state"
            [control]
            socket = "\(folder.path)/control"
            \(ports)
            """
        try write(policy, to: "jitgate.toml")
    }

    deinit {
        kill()
    }

    package func write(_ text: String, to name: String) throws {
        let path = folder.path + "/" + name
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
    }

    // MARK: the agent

    /// Runs `jitgate` in the host's namespace, by its policy.
    package func jitgate(
        _ words: String...,
        environment: [String: String] = [:]
    ) throws -> Command.Result {
        try Command.run(
            ["nsenter", "--net=\(namespace.path)", Self.built("jitgate")] + words,
            environment: environment.merging(["JITGATE_CONFIG": policyPath]) { $1 }
        )
    }

    private static func built(_ program: String) -> String {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        return root.path + "/.build/debug/" + program
    }

    /// Starts the built agent, with a journal of its own if one is given, and waits until its log
    /// says that it runs.
    package func start(journal: Journald? = nil) throws {
        let before = try records("agent-started").count
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        let mount = journal.map { ["--mount=\($0.mountNamespace)"] } ?? []
        process.arguments =
            ["nsenter", "--net=\(namespace.path)"] + mount + [
                Self.built("jitgated"), "--config", policyPath,
            ]
        try process.run()
        agent = process
        try eventually { try records("agent-started").count > before }
    }

    /// Kills the agent at once, as a crash would.
    package func kill() {
        guard let agent, agent.isRunning else { return }
        Glibc.kill(agent.processIdentifier, SIGKILL)
        agent.waitUntilExit()
        self.agent = nil
    }

    /// Asks the agent to stop and waits until it has.
    package func stop() {
        agent?.terminate()
        agent?.waitUntilExit()
        agent = nil
    }

    // MARK: grants and records

    /// A signed grant for web-1; the changes replace members of the payload.
    package func grant(
        id: UUID = UUID(),
        lasting seconds: Double = 60,
        changes: [JSONValue.Member] = []
    ) throws -> [UInt8] {
        let now = Int64(Date().timeIntervalSince1970 * 1_000_000)
        let expires = Moment(microseconds: now + Int64(seconds * 1_000_000))
        var members: [JSONValue.Member] = [
            .init("jitgate", "grant/1"), .init("id", .string(id.uuidString)),
            .init("hosts", ["web-1"]), .init("requestor", "dana"),
            .init("justification", "INC-4211"), .init("sources", ["192.0.2.7/32"]),
            .init("ports", ["22/tcp"]), .init("expires", .string(expires.description)),
        ]
        for change in changes {
            members.removeAll { $0.name == change.name }
            members.append(change)
        }
        let payload = JSONValue.object(members).encoded() + [UInt8(ascii: "\n")]
        return try payload + key.sign(payload)
    }

    /// A signed revocation of one grant.
    package func revocation(of id: UUID) throws -> [UInt8] {
        let value: JSONValue = [
            "jitgate": "revocation/1", "ids": [.string(id.uuidString)], "hosts": ["web-*"],
            "reason": "lost laptop",
        ]
        let payload = value.encoded() + [UInt8(ascii: "\n")]
        return try payload + key.sign(payload, namespace: "jitgate-revocation")
    }

    /// Puts a file into the drop directory in one step, as `mv` does.
    package func submit(_ bytes: [UInt8], as name: String) throws {
        let temporary = drop + "/." + name
        try Data(bytes).write(to: URL(fileURLWithPath: temporary))
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: temporary)
        guard rename(temporary, drop + "/" + name) == 0 else {
            throw CommandFailure("rename: errno \(errno)")
        }
    }

    /// The records of one kind.
    package func records(_ event: String) throws -> [JSONValue] {
        let path = folder.path + "/audit/audit.jsonl"
        guard let data = FileManager.default.contents(atPath: path) else { return [] }
        // What stands behind the last line feed is being written.
        let whole = data.lastIndex(of: UInt8(ascii: "\n")).map { data[...$0] } ?? Data()
        return try whole.split(separator: UInt8(ascii: "\n"))
            .map { try JSONNode.parse(Array($0)).value }
            .filter { $0["JITGATE_EVENT"]?.text == event }
    }
}

/// Waits until something is so, and fails after ten seconds.
package func eventually(_ isSo: () throws -> Bool) throws {
    let end = ContinuousClock.now + .seconds(10)
    while try !isSo() {
        guard ContinuousClock.now < end else { throw CommandFailure("it did not come to be so") }
        usleep(2000)
    }
}
