import Auditing
import Foundation
import TestSupport
import Testing

@Suite struct `A slow disk` {
    private let host: AgentHost

    init() throws {
        host = try AgentHost()
        try host.edit {
            $0.replacingOccurrences(
                of: "[audit]",
                with: "[audit]\nsegment_age = \"1d\"\nretention = \"1d\""
            )
        }
    }

    private var segments: [String] {
        get throws {
            try FileManager.default.contentsOfDirectory(atPath: host.auditDirectory)
                .filter { $0.hasPrefix("audit-") }
        }
    }

    /// Waits until the agent waits for the disk, which it does until the answer is closed.
    private func waiter(for disk: String) throws -> Int32 {
        var writer: Int32 = -1
        try eventually {
            writer = unsafe open(disk, O_WRONLY | O_NONBLOCK | O_CLOEXEC)
            return writer >= 0
        }
        return writer
    }

    @Test func `holds up no opening while the log is saved and pruned`() throws {
        var log = try EarlierLog(of: host)
        try log.append([AuditEntry(.agentStarted, "The agent runs")])
        try log.rotate()
        try log.append([AuditEntry(.agentStopped, "The agent stops")])
        _ = consume log
        #expect(try segments.count == 1)
        let disk = host.path + "/disk"
        try unsafe #require(mkfifo(disk, 0o600) == 0)
        try host.launch(environment: ["LD_PRELOAD": AgentHost.faults, "SLOW_DISK": disk])
        let writer = try waiter(for: disk)
        let id = UUID()
        try host.submit(host.grant(id: id), as: "a.grant")
        try eventually { try host.openings().count == 1 }
        let revoked = try host.jitgate("revoke", "\(id)", "--reason", "lost laptop")
        #expect(revoked.status == 0)
        #expect(try host.openings().isEmpty)
        #expect(try segments.count == 2)
        try FileManager.default.removeItem(atPath: disk)
        close(writer)
        try eventually { try segments == ["audit-00000000000000000001.jsonl"] }
        #expect(try host.jitgate("audit", "verify").status == 0)
    }
    @Test func `lets a file be that took the place of one whose grant ended`() throws {
        let disk = host.path + "/disk"
        try host.launch(environment: ["LD_PRELOAD": AgentHost.faults, "SLOW_LOG": disk])
        try host.submit(host.grant(lasting: 3), as: "a.grant")
        try eventually { try host.openings().count == 1 }
        try unsafe #require(mkfifo(disk, 0o600) == 0)
        // Its end is being recorded.
        let writer = try waiter(for: disk)
        try host.submit(host.grant(), as: "a.grant")
        try FileManager.default.removeItem(atPath: disk)
        close(writer)
        try eventually { try host.records("grant-opened").count == 2 }
        #expect(try host.openings().count == 1)
        #expect(FileManager.default.fileExists(atPath: host.drop + "/a.grant"))
    }

    /// Lets the disk take four seconds for the record of a grant's opening.
    private func begin(lasting seconds: Double) throws {
        let disk = host.path + "/disk"
        try host.launch(environment: ["LD_PRELOAD": AgentHost.faults, "SLOW_LOG": disk])
        try eventually { try host.records("agent-started").count == 1 }
        try unsafe #require(mkfifo(disk, 0o600) == 0)
        try host.submit(host.grant(lasting: seconds), as: "a.grant")
        let writer = try waiter(for: disk)
        sleep(4)
        try FileManager.default.removeItem(atPath: disk)
        close(writer)
    }

    @Test func `moves no deadline, also not the kernel's own`() throws {
        let end = Date(timeIntervalSinceNow: 600)
        try begin(lasting: 600)
        try eventually { try host.openings().count == 1 }
        let left = try host.timesLeft()["192.0.2.7 . tcp . 22"] ?? .max
        #expect(Double(left) < end.timeIntervalSinceNow + 2)
    }

    @Test func `opens nothing that has ended before its record was on it`() throws {
        let changes = host.path + "/changes"
        let monitor = Process()
        monitor.executableURL = URL(filePath: "/usr/bin/env")
        monitor.arguments = [
            "nsenter", "--net=\(host.namespace.path)", "sh", "-c",
            "exec nft monitor new elements > \(changes)",
        ]
        try monitor.run()
        defer {
            kill(monitor.processIdentifier, SIGKILL)
            monitor.waitUntilExit()
        }
        try begin(lasting: 2)
        try eventually { try host.reasons("grant-closed") == ["expired"] }
        let seen = try String(contentsOfFile: changes, encoding: .utf8)
        #expect(seen.contains("protected"))
        #expect(!seen.contains("192.0.2.7"))
    }
}
