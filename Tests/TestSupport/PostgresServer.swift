import Foundation
import Synchronization

/// A server of PostgreSQL 15 with a directory and a Unix socket of its own, killed with the value or the process.
///
/// It sorts texts as people do (ICU), and its databases belong to a role without further rights.
package final class PostgresServer: Sendable {
    private static let programs = "/usr/lib/postgresql/15/bin/"
    /// The role of the hub.
    private static let role = "hub"

    private let folder: TemporaryDirectory
    private let running = Mutex<RunningServer?>(nil)

    /// Makes a server and starts it.
    package convenience init() throws {
        try self.init { data in
            let options = ["--auth=trust", "--encoding=UTF8", "--locale-provider=icu"]
            return [Self.programs + "initdb", "-D", data, "--icu-locale=en-US"] + options
        }
        _ = try query("CREATE ROLE \(Self.role) LOGIN")
    }

    /// Makes the directory of the data by the command that `making` gives, and starts it.
    private init(making: (_ data: String) -> [String]) throws {
        folder = try TemporaryDirectory()
        for words in [
            ["chown", "postgres:", folder.path], Self.asOwner + making(folder.path + "/data"),
        ] {
            let result = try Command.run(words)
            guard result.status == 0 else { throw CommandFailure(result.errors) }
        }
        try start()
    }

    deinit { take()?.end(by: SIGQUIT) }

    /// A standby of this server, which from now on waits for it at each commit.
    package func synchronousStandby() throws -> PostgresServer {
        let primary = "host=\(folder.path) user=postgres"
        let standby = try PostgresServer { data in
            let options = ["--write-recovery-conf", "--checkpoint=fast"]
            return [Self.programs + "pg_basebackup", "-D", data, "-d", primary] + options
        }
        _ = try query("ALTER SYSTEM SET synchronous_standby_names = '*'")
        _ = try query("SELECT pg_reload_conf()")
        try waitForStandby()
        return standby
    }

    /// Waits until a standby confirms commits.
    package func waitForStandby() throws {
        let sql = """
            SELECT count(*) FROM pg_stat_replication
            WHERE sync_state = 'sync' AND current_setting('synchronous_standby_names') = '*'
            """
        try wait(until: sql, is: "1")
    }

    /// Waits until a statement has this answer, for half a minute.
    package func wait(until sql: String, is answer: String) throws {
        for _ in 0..<600 {
            if try query(sql) == answer { return }
            Thread.sleep(forTimeInterval: 0.05)
        }
        throw CommandFailure("\(answer) was awaited of \(sql)")
    }

    // MARK: databases

    /// An empty database; returns its URL.
    package func createDatabase(_ name: String) throws -> String {
        _ = try query("CREATE DATABASE \(name) OWNER \(Self.role)")
        return Self.url(of: name, on: [self])
    }

    /// The URL of a database that is on several servers, of which one is the primary.
    package static func url(of database: String, on servers: [PostgresServer]) -> String {
        let hosts = servers.map(\.folder.path).joined(separator: ",")
        return "postgresql:///\(database)?user=\(role)&host=\(hosts)"
    }

    /// The database of a URL.
    package func nameOfDatabase(_ url: String) -> String {
        String(url.dropFirst("postgresql:///".count).prefix { $0 != "?" })
    }

    /// Runs a statement as the superuser; returns its rows as lines.
    package func query(_ sql: String, in database: String = "postgres") throws -> String {
        let result = try Command.run([
            Self.programs + "psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-h", folder.path,
            "-U", "postgres", "-d", database, "-c", sql,
        ])
        guard result.status == 0 else { throw CommandFailure("psql: \(result.errors)") }
        return result.text.trimmingCharacters(in: .newlines)
    }

    // MARK: life

    /// Starts it and waits until it answers.
    package func start() throws {
        let options = [
            "-k", folder.path, "-c", "listen_addresses=", "-c", "dynamic_shared_memory_type=mmap",
        ]
        let words =
            Self.asOwner + [
                "--pdeathsig=QUIT", Self.programs + "postgres", "-D", folder.path + "/data",
            ]
        let server = try RunningServer(words + options)
        running.withLock { $0 = server }
    }

    /// Ends it as its service would, after its connections.
    package func stop() {
        take()?.end(by: SIGINT)
    }

    /// Ends all its processes at once, as a power cut would.
    package func kill() {
        guard let server = take() else { return }
        let memory = Self.sharedMemory(of: folder.path + "/data/postmaster.pid")
        server.kill()
        if let memory { _ = try? Command.run(["ipcrm", "--shmem-id", memory]) }
    }

    /// The memory that outlives the processes of a server if they have no time to remove it.
    private static func sharedMemory(of file: String) -> String? {
        let lines = try? String(contentsOfFile: file, encoding: .utf8).split(
            separator: "\n",
            omittingEmptySubsequences: false
        )
        guard let lines, lines.count > 6 else { return nil }
        return lines[6].split(separator: " ").last.map(String.init)
    }

    /// Makes a standby the primary.
    package func promote() throws {
        guard try query("SELECT pg_promote()") == "t" else {
            throw CommandFailure("the standby was not promoted")
        }
    }

    private func take() -> RunningServer? {
        running.withLock { running in
            defer { running = nil }
            return running
        }
    }

    private static var asOwner: [String] {
        ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
    }
}

/// The processes of a server, and what they say.
private final class RunningServer: Sendable {
    private static let all = Mutex<Set<Int32>>([])
    private static let killedAtExit: Void = {
        atexit {
            let servers = RunningServer.all.withLock { $0 }
            for server in servers { Foundation.kill(server, SIGQUIT) }
            // Its memory is removed meanwhile, and then its directory may be.
            for _ in 0..<100 where servers.contains(where: { Foundation.kill($0, 0) == 0 }) {
                usleep(10_000)
            }
        }
        return
    }()

    private let process = Process()
    private let log = Mutex("")

    /// Starts it and waits until it answers.
    init(_ words: [String]) throws {
        Self.killedAtExit
        let (errors, ready) = (Pipe(), DispatchSemaphore(value: 0))
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = words
        process.currentDirectoryURL = URL(filePath: "/")
        process.standardError = errors
        try LastingParent.start(process)
        let number = process.processIdentifier
        Self.all.withLock { _ = $0.insert(number) }
        errors.fileHandleForReading.readabilityHandler = { [weak self] handle in
            let data = handle.availableData
            guard !data.isEmpty else {
                handle.readabilityHandler = nil
                ready.signal()
                return
            }
            if self?.note(String(decoding: data, as: UTF8.self)) ?? false { ready.signal() }
        }
        ready.wait()
        guard process.isRunning else {
            throw CommandFailure("the server did not start: \(log.withLock { $0 })")
        }
    }

    /// Returns true once it has said that it answers.
    private func note(_ text: String) -> Bool {
        log.withLock { log in
            log += text
            return log.contains("database system is ready to accept")
        }
    }

    func end(by signal: Int32) {
        Foundation.kill(process.processIdentifier, signal)
        finish()
    }

    func kill() {
        Self.kill(process.processIdentifier)
        finish()
    }

    private func finish() {
        process.waitUntilExit()
        let number = process.processIdentifier
        Self.all.withLock { _ = $0.remove(number) }
    }

    /// Stops the first process, so that it starts no others, and ends all.
    private static func kill(_ process: Int32) {
        Foundation.kill(process, SIGSTOP)
        let list = "/proc/\(process)/task/\(process)/children"
        let children = (try? String(contentsOfFile: list, encoding: .utf8)) ?? ""
        for child in children.split(separator: " ").compactMap({ Int32($0) }) + [process] {
            Foundation.kill(child, SIGKILL)
        }
    }
}

/// A thread that ends with the process, so that what it starts can be made to end with it as well.
private final class LastingParent: Sendable {
    private static let only = LastingParent()

    private let jobs = Mutex<[@Sendable () -> Void]>([])
    private let count = DispatchSemaphore(value: 0)

    private init() {
        Thread { [self] in
            while true {
                count.wait()
                jobs.withLock { $0.removeFirst() }()
            }
        }
        .start()
    }

    static func start(_ process: Process) throws {
        let start = Start()
        only.jobs.withLock { jobs in
            jobs.append {
                start.error.withLock { error in
                    do { try process.run() } catch let failure { error = failure }
                }
                start.isDone.signal()
            }
        }
        only.count.signal()
        start.isDone.wait()
        if let error = start.error.withLock({ $0 }) { throw error }
    }

    private final class Start: Sendable {
        let error = Mutex<(any Error)?>(nil)
        let isDone = DispatchSemaphore(value: 0)
    }
}
