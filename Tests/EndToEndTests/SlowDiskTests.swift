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

    @Test func `holds up no opening while the log is saved and pruned`() throws {
        var log = try EarlierLog(of: host)
        try log.append([AuditEntry(.agentStarted, "The agent runs")])
        try log.rotate()
        try log.append([AuditEntry(.agentStopped, "The agent stops")])
        _ = consume log
        #expect(try segments.count == 1)
        let disk = host.path + "/disk"
        try #require(mkfifo(disk, 0o600) == 0)
        try host.launch(environment: ["LD_PRELOAD": AgentHost.faults, "SLOW_DISK": disk])
        var writer: Int32 = -1
        try eventually {
            // It can be opened once the agent waits, and is let go when it is closed.
            writer = open(disk, O_WRONLY | O_NONBLOCK | O_CLOEXEC)
            return writer >= 0
        }
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
}
