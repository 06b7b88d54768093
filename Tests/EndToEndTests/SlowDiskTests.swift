import Auditing
import Foundation
import Grants
import Recording
import StrictJSON
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

    /// A log of three days ago, in two files.
    private func writeOldLog() throws {
        let places = AuditLog.Places(
            log: host.auditDirectory,
            state: host.path + "/state",
            origin: AuditKey.origin(hostname: "web-1", machineID: "")
        )
        let rule = RotationRule(size: 1 << 40, age: .seconds(1 << 40), retention: nil)
        var log = try AuditLog.open(places, rotation: rule)
        let now = Int64(Date().timeIntervalSince1970)
        for sequence in 0..<2 as Range<UInt64> {
            let stamp = RecordStamp(
                realtime: Moment(microseconds: (now - 3 * 86_400) * 1_000_000),
                boot: 1,
                bootID: String(repeating: "a", count: 32),
                machineID: "",
                hostname: "web-1"
            )
            let entry = AuditEntry(.agentStopped, "The agent stops")
            try log.append([Record(sequence: sequence, stamp: stamp, entry: entry)])
            if sequence == 0 { try log.rotate() }
        }
    }

    @Test func `holds up no opening while the log is saved and pruned`() throws {
        try writeOldLog()
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
