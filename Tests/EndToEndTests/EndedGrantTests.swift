import Auditing
import Foundation
import TestSupport
import Testing

@Suite struct `What is known of ended grants` {
    private let host: AgentHost
    private var archives: [String] {
        get throws {
            let folder = host.path + "/state/ended"
            return try FileManager.default.contentsOfDirectory(atPath: folder)
                .map { folder + "/" + $0 }
        }
    }

    /// A host on which enough grants ended three days ago for an archive.
    init() throws {
        host = try AgentHost()
        var log = try EarlierLog(of: host)
        try log.append(
            (0..<600).map { number in
                let id = String(format: "00000000-0000-0000-0000-%012d", number)
                let digest = String(repeating: "0", count: 64)
                let fields: [AuditField: [String]] = [
                    .grant: [id], .digest: [digest], .reason: ["expired"],
                ]
                return AuditEntry(.grantClosed, "Closed", fields: fields)
            }
        )
        log.save()
    }

    @Test func `keeps them from opening again`() throws {
        try host.start()
        let id = try #require(UUID(uuidString: "00000000-0000-0000-0000-000000000007"))
        try host.submit(host.grant(id: id), as: "a.grant")
        try eventually { try host.reasons("grant-refused").count == 1 }
        #expect(try host.reasons("grant-refused").first??.hasPrefix("once: ") == true)
        try host.submit(host.grant(), as: "b.grant")
        try eventually { try host.openings().count == 1 }
    }

    @Test func `opens nothing while it cannot be read, and all again after a start`() throws {
        try host.start()
        let archive = try #require(archives.first)
        try #require(FileHandle(forWritingAtPath: archive)).truncate(atOffset: 1000)
        try host.submit(host.grant(), as: "a.grant")
        try eventually { try host.reasons("grant-refused").count == 1 }
        let reason = try #require(try host.reasons("grant-refused")[0])
        #expect(reason.contains(archive) && reason.contains("shorter than it was"))
        #expect(try host.openings().isEmpty)
        // A start finds that the file is damaged, and reads the log instead.
        host.kill()
        try host.start()
        try eventually { try host.openings().count == 1 }
    }
}
