import CBenchmark
import Crypto
import Foundation
import SignedGrants
import Synchronization

struct Failure: Error, CustomStringConvertible {
    let description: String
}

/// A server namespace with the agent, a client namespace and a folder, all removed at the end.
final class Scene {
    let server = "jitgate-bench-s-\(getpid())"
    let client = "jitgate-bench-c-\(getpid())"
    let folder = "/run/jitgate-bench-\(getpid())"
    let key = Curve25519.Signing.PrivateKey()
    private let program: String
    private(set) var agent: Process?

    var socket: String { folder + "/run/control" }
    var drop: String { folder + "/grants" }
    var log: String { logFolder + "/audit.jsonl" }
    /// The folder of the log, on a disk, so that fsync has its real cost.
    var logFolder: String { "/var/tmp/jitgate-bench-\(getpid())" }
    var state: String { logFolder + "/state" }
    /// The directory of the other built programs.
    var programs: String { URL(fileURLWithPath: program).deletingLastPathComponent().path }

    init(agent program: String) throws {
        self.program = program
        for path in [folder, folder + "/run", drop, logFolder, state] {
            try FileManager.default.createDirectory(
                atPath: path,
                withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o700]
            )
        }
        try network()
        try write(
            "dana \(SignedGrant.publicLine(key.publicKey))\n",
            to: folder + "/allowed_signers"
        )
        try write(policy, to: folder + "/jitgate.toml")
    }

    private func network() throws {
        for (name, address) in [(server, "192.0.2.1/24"), (client, "192.0.2.7/24")] {
            try run("ip", "netns", "add", name)
            if name == client {
                let pair = ["type", "veth", "peer", "name", "veth1", "netns", client]
                try run(["ip", "-n", server, "link", "add", "veth0"] + pair)
                try run("ip", "-n", server, "addr", "add", "192.0.2.1/24", "dev", "veth0")
                try run("ip", "-n", client, "addr", "add", address, "dev", "veth1")
                try run("ip", "-n", server, "link", "set", "veth0", "up")
                try run("ip", "-n", client, "link", "set", "veth1", "up")
            }
            try run("ip", "-n", name, "link", "set", "lo", "up")
        }
    }

    private var policy: String {
        """
        mode = "enforce"
        hostname = "web-1"
        [grants]
        directories = ["\(drop)"]
        allowed_signers = "\(folder)/allowed_signers"
        [defaults]
        max_duration = "24h"
        [audit]
        directory = "\(logFolder)"
        [state]
        directory = "\(state)"
        [control]
        socket = "\(socket)"
        group = "games"

        """
    }

    func write(_ text: String, to path: String) throws {
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
        chmod(path, 0o600)
    }

    /// Writes a grant's file and renames it into the drop directory; returns the time of the
    /// rename.
    func submit(_ grant: SignedGrant) -> Int64 { submit(grant.file, as: grant.id) }

    func submit(_ file: [UInt8], as name: String) -> Int64 {
        let hidden = drop + "/." + name
        FileManager.default.createFile(
            atPath: hidden,
            contents: Data(file),
            attributes: [.posixPermissions: 0o600]
        )
        let start = cbenchmark_now()
        rename(hidden, drop + "/\(name).grant")
        return start
    }

    func path(_ grant: SignedGrant) -> String { drop + "/\(grant.id).grant" }

    // MARK: the agent

    /// Starts the agent and waits until it reports that it runs; returns the time that took, in ms.
    @discardableResult
    func start() throws -> Double {
        let begin = cbenchmark_now()
        try launch()
        try waitUntilStarted()
        return Double(cbenchmark_now() - begin) / 1e6
    }

    /// Starts the agent on the existing log; returns the time that took, in ms.
    func restart() throws -> Double {
        // The existing output must not pass for the new agent's report.
        let size = size
        let begin = cbenchmark_now()
        try launch()
        try wait { self.size != size }
        try waitUntilStarted()
        return Double(cbenchmark_now() - begin) / 1e6
    }

    private var size: Int? {
        (try? FileManager.default.attributesOfItem(atPath: log))?[.size] as? Int
    }

    func stop(by signal: Int32 = SIGTERM) throws {
        guard let agent else { return }
        kill(agent.processIdentifier, signal)
        agent.waitUntilExit()
    }

    /// Removes the log and all files derived from it.
    func forget() throws {
        try FileManager.default.removeItem(atPath: logFolder)
        try FileManager.default.createDirectory(
            atPath: state,
            withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700]
        )
    }

    /// Removes the snapshots, which spare the next start reading all records.
    func loseSnapshots() throws {
        for name in ["snapshot", "snapshot.old"] {
            try? FileManager.default.removeItem(atPath: state + "/" + name)
        }
    }

    func launch() throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/sbin/ip")
        process.arguments = [
            "netns", "exec", server, "nice", "-n", "-10", program, "--config",
            folder + "/jitgate.toml",
        ]
        try process.run()
        agent = process
    }

    /// Waits until the last record of the log is that of an agent's start.
    func waitUntilStarted() throws {
        try wait {
            guard let file = FileHandle(forReadingAtPath: log) else { return false }
            defer { try? file.close() }
            let size = try file.seekToEnd()
            try file.seek(toOffset: size > 1500 ? size - 1500 : 0)
            let tail = try file.readToEnd() ?? Data()
            return tail.range(of: Data("\"JITGATE_EVENT\":\"agent-started\"".utf8)) != nil
        }
    }

    /// The number of records of one kind in the log.
    func count(_ event: String) -> Int {
        guard let data = FileManager.default.contents(atPath: log) else { return 0 }
        return data.split(separator: 10).count {
            $0.range(of: Data("\"JITGATE_EVENT\":\"\(event)\"".utf8)) != nil
        }
    }

    func wait(_ isSo: () throws -> Bool) throws {
        let end = cbenchmark_now() + 120_000_000_000
        while try !isSo() {
            guard cbenchmark_now() < end else { throw Failure(description: "it never came") }
            usleep(500)
        }
    }

    func end() {
        if let agent, agent.isRunning {
            agent.terminate()
            agent.waitUntilExit()
        }
        for name in [server, client] { try? run("ip", "netns", "del", name) }
        for path in [folder, logFolder] { try? FileManager.default.removeItem(atPath: path) }
    }

    func run(_ words: String...) throws { try run(words) }

    func run(_ words: [String]) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = words
        try process.run()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw Failure(description: words.joined(separator: " ") + " failed")
        }
    }
}

/// Runs `body` on a thread inside a network namespace.
func inNamespace(_ name: String, _ body: @escaping @Sendable () -> Void) {
    let thread = Thread {
        guard cbenchmark_enter("/run/netns/" + name) == 0 else { fatalError("no namespace") }
        body()
    }
    thread.stackSize = 1 << 20
    thread.start()
}

private final class Answer: Sendable {
    let value = Mutex<Int64>(0)
    let done = DispatchSemaphore(value: 0)
}

/// Runs `body` in a network namespace and waits for its result.
func answer(in name: String, of body: @escaping @Sendable () -> Int64) -> Int64 {
    let answer = Answer()
    inNamespace(name) {
        let value = body()
        answer.value.withLock { $0 = value }
        answer.done.signal()
    }
    answer.done.wait()
    return answer.value.withLock { $0 }
}
