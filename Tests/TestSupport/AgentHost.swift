import CTestSupport
package import Foundation
import Grants
package import StrictJSON

/// The host of one test: a namespace, a policy, a signer's key and, when started, the real agent.
package final class AgentHost {
    package let namespace: NetworkNamespace
    package let key: SSHKey
    private let folder: TemporaryDirectory
    package private(set) var agent: Process?
    private var disks: [SmallDisk] = []

    /// The directory that holds all of the host's files.
    package var path: String { folder.path }
    package var drop: String { path + "/grants" }
    package var auditDirectory: String { path + "/audit" }
    package var policyPath: String { path + "/jitgate.toml" }
    package var log: String { path + "/audit/audit.jsonl" }

    /// - Parameters:
    ///   - policy: further tables of the policy file.
    ///   - signers: further lines of allowed_signers.
    ///   - drop: the grant directory that the policy names, if not `drop`.
    /// - Throws: if the namespace, the key or a directory cannot be made.
    package init(policy: String = "", signers: String = "", drop: String? = nil) throws {
        namespace = try NetworkNamespace()
        key = try SSHKey()
        folder = try TemporaryDirectory(in: "/run")
        for name in ["grants", "audit", "state"] { try makeDirectory(name) }
        try write("dana \(key.publicLine)\n" + signers, to: "allowed_signers")
        try writePolicy(mode: "enforce", ports: policy, drop: drop)
    }

    deinit {
        kill()
        for disk in disks { disk.remove() }
    }

    /// Mounts a small file system of its own on a directory of the host.
    package func mountDisk(at path: String) throws -> SmallDisk {
        let disk = try SmallDisk(at: path)
        disks.append(disk)
        return disk
    }

    /// Replaces the policy on disk; `ports` are further tables.
    package func writePolicy(mode: String, ports: String = "", drop: String? = nil) throws {
        let policy = """
            mode = "\(mode)"
            hostname = "web-1"
            [grants]
            directories = ["\(drop ?? self.drop)"]
            allowed_signers = "\(path)/allowed_signers"
            [audit]
            directory = "\(path)/audit"
            [state]
            directory = "\(path)/state"
            [control]
            socket = "\(path)/control"
            \(ports)
            """
        try write(policy, to: "jitgate.toml")
    }

    /// Changes the policy on disk.
    package func edit(_ edit: (String) -> String) throws {
        try write(edit(try String(contentsOfFile: policyPath, encoding: .utf8)), to: "jitgate.toml")
    }

    /// Makes a directory of the host, for root alone.
    package func makeDirectory(_ name: String) throws {
        try FileManager.default.createDirectory(
            atPath: path + "/" + name,
            withIntermediateDirectories: false,
            attributes: [.posixPermissions: 0o700]
        )
    }

    /// Writes a file of the host, for root alone.
    package func write(_ text: String, to name: String) throws {
        let file = path + "/" + name
        try Data(text.utf8).write(to: URL(fileURLWithPath: file))
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: file)
    }

    // MARK: the agent

    /// The directory of the built programs.
    package static let build =
        URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().path + "/.build/debug/"

    /// The library that the agent preloads to suffer faults (Tests/CFaults).
    package static let faults = build + "libfaults.so"

    /// Starts the built agent, with its own journal or logins if given, and waits until its log
    /// says that it runs.
    package func start(journal: Journald? = nil, logins: LoginRecords? = nil) throws {
        let before = try records("agent-started").count
        try launch(in: journal?.mountNamespace ?? logins?.mountNamespace)
        try eventually { try records("agent-started").count > before }
    }

    /// Starts the built agent in a mount namespace, with these environment variables and through a
    /// program that executes it, and waits for nothing.
    package func launch(
        in mounts: String? = nil,
        environment: [String: String] = [:],
        through words: [String] = []
    ) throws {
        let mount = mounts.map { ["--mount=\($0)"] } ?? []
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments =
            environment.map { "\($0.key)=\($0.value)" }
            + ["nsenter", "--net=\(namespace.path)"] + mount + words
            + [Self.build + "jitgated", "--config", policyPath]
        try process.run()
        agent = process
    }

    /// True if the agent was started and still runs.
    package var isRunning: Bool { agent?.isRunning ?? false }

    /// True if a signal that it does not handle ended the agent.
    package var wasKilled: Bool {
        guard let agent, !agent.isRunning else { return false }
        return agent.terminationReason == .uncaughtSignal
    }

    /// Kills the agent at once, as a crash would.
    package func kill() {
        end(by: SIGKILL)
    }

    /// Stops the agent and waits until it has ended.
    package func stop() {
        end(by: SIGTERM)
    }

    /// Ends the agent by a signal and waits until it is gone.
    package func end(by signal: Int32) {
        guard let agent else { return }
        send(signal)
        agent.waitUntilExit()
        self.agent = nil
    }

    package func send(_ signal: Int32) {
        guard let agent, agent.isRunning else { return }
        Glibc.kill(agent.processIdentifier, signal)
    }

    /// Runs the built `jitgate` in the host's namespace, with its policy.
    package func jitgate(
        _ words: String...,
        environment: [String: String] = [:]
    ) throws -> Command.Result {
        try Command.run(
            ["nsenter", "--net=\(namespace.path)", Self.build + "jitgate"] + words,
            environment: environment.merging(["JITGATE_CONFIG": policyPath]) { $1 }
        )
    }
}

// MARK: grants and records

extension AgentHost {
    /// A signed grant for web-1; `changes` replace members of the payload.
    package func grant(
        id: UUID = UUID(),
        lasting seconds: Double = 600,
        changes: [JSONValue.Member] = []
    ) throws -> [UInt8] {
        let payload = payload(id: id, lasting: seconds, changes: changes)
        return try payload + key.sign(payload)
    }

    /// The payload of a grant for web-1, for others to sign.
    package func payload(
        id: UUID = UUID(),
        lasting seconds: Double = 600,
        changes: [JSONValue.Member] = []
    ) -> [UInt8] {
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
        return JSONValue.object(members).encoded() + [UInt8(ascii: "\n")]
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

    /// Renames a file into the drop directory in one step, as `mv` does.
    package func submit(_ bytes: [UInt8], as name: String, mode: Int = 0o600) throws {
        let temporary = path + "/" + name
        try Data(bytes).write(to: URL(fileURLWithPath: temporary))
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: temporary)
        try move(temporary, to: name)
    }

    /// Renames a file of any kind into the drop directory.
    package func move(_ file: String, to name: String) throws {
        guard unsafe rename(file, drop + "/" + name) == 0 else {
            throw CommandFailure("rename: errno \(errno)")
        }
    }

    package func remove(_ name: String) throws {
        try FileManager.default.removeItem(atPath: drop + "/" + name)
    }

    /// The records of one kind, or of all.
    package func records(_ event: String? = nil) throws -> [JSONValue] {
        guard let data = FileManager.default.contents(atPath: log) else { return [] }
        let mark = event.map { "\"JITGATE_EVENT\":\"\($0)\"" } ?? ""
        guard data.holds(mark) else { return [] }
        // The bytes after the last line feed are a line still being written.
        let whole = data.lastIndex(of: UInt8(ascii: "\n")).map { data[...$0] } ?? Data()
        return try whole.split(separator: UInt8(ascii: "\n"))
            .filter { $0.holds(mark) }
            .map { try JSONNode.parse(Array($0)).value }
    }

    /// The reasons of the records of one kind.
    package func reasons(_ event: String) throws -> [String?] {
        try records(event).map { $0["JITGATE_REASON"]?.text }
    }

    /// The kernel's openings, in the form of `nft`: `192.0.2.7 . tcp . 22`.
    package func openings() throws -> Set<String> {
        Set(try timesLeft().keys)
    }

    /// The kernel's remaining timeout of each opening in seconds; none if there is no table.
    package func timesLeft() throws -> [String: Int] {
        let text = try namespace.command("nft", "-j", "list", "ruleset")
        let listing = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any]
        let objects = listing?["nftables"] as? [[String: Any]] ?? []
        let sets = objects.compactMap { $0["set"] as? [String: Any] }
        return Dictionary(sets.flatMap { Self.elements(of: $0) }) { $1 }
    }

    /// The elements of a source set, whose keys have three fields.
    private static func elements(of set: [String: Any]) -> [(String, Int)] {
        (set["elem"] as? [Any] ?? []).compactMap { item in
            let element = (item as? [String: Any])?["elem"] as? [String: Any]
            let key = element?["val"] ?? item
            let fields = (key as? [String: Any])?["concat"] as? [Any] ?? []
            guard fields.count == 3 else { return nil }
            let name = fields.map { "\($0)" }.joined(separator: " . ")
            return (name, element?["expires"] as? Int ?? .max)
        }
    }
}

extension Data {
    /// Returns whether it contains a text; Foundation would search byte by byte, in generic code.
    fileprivate func holds(_ text: String) -> Bool {
        unsafe withUnsafeBytes { unsafe ctest_holds($0.baseAddress, $0.count, text) == 1 }
    }
}

/// Waits until a condition holds, and fails after half a minute.
package func eventually(line: Int = #line, _ isSo: () throws -> Bool) throws {
    guard try comesToBeSo(within: .seconds(30), isSo) else {
        throw CommandFailure("what line \(line) waits for did not come to be so")
    }
}

/// Waits until a condition holds or the time is over; returns whether it holds.
///
/// It checks less often the longer it waits, since many tests wait at once.
package func comesToBeSo(within limit: Duration, _ isSo: () throws -> Bool) rethrows -> Bool {
    let end = ContinuousClock.now + limit
    var pause: UInt32 = 1000
    while try !isSo() {
        guard ContinuousClock.now < end else { return false }
        usleep(pause)
        pause = min(2 * pause, 16_000)
    }
    return true
}
