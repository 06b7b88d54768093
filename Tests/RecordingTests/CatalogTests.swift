import Auditing
import Foundation
import Grants
import Recording
import TestSupport
import Testing

@Suite struct `The journal's catalog` {
    private static let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("../../systemd/jitgate.catalog").standardizedFileURL.path

    /// A record that has each field which records of its kind have at least.
    private func record(_ number: Int, _ event: AuditEvent) -> Record {
        let isGrants = [
            .grantAccepted, .grantOpened, .breakGlassOpened, .grantUsed, .grantClosed, .drainEnded,
        ]
        .contains(event)
        let grant: [AuditField: [String]] = [
            .grant: ["0b8a2f6e-5c1d-4f0e-9a43-2f1f6f0c7d11"], .requestor: ["dana"],
            .file: ["/etc/jitgate/grants.d/a.grant"], .signers: ["ops@example.com"],
        ]
        var fields = isGrants ? grant : [:]
        switch event {
        case .grantOpened, .breakGlassOpened: fields[.deadline] = ["2026-12-01T14:00:00Z"]
        case .reviewAccepted:
            fields = [.grant: grant[.grant] ?? []]
        case .grantClosed, .drainEnded: fields[.reason] = ["expired"]
        case .grantUsed, .attemptDenied: fields[.peer] = ["203.0.113.7:50432"]
        case .attemptsSummary, .offersRefused: fields[.missed] = ["7"]
        case .policyLoaded, .modeChanged: fields[.mode] = ["enforce"]
        case .clockStepped: fields[.reason] = ["+2h"]
        case .clockAccepted: (fields[.reason], fields[.clock]) = (["-2h"], ["2026-12-01T12:00:00Z"])
        case .agentStarted, .agentStopped, .policyRefused, .grantAccepted, .grantRefused,
            .tamperDetected, .tamperRepaired, .hostChanged, .auditRekeyed, .revocationAccepted,
            .barLifted, .bulletinAccepted:
            break
        }
        if [.policyLoaded, .policyRefused, .grantRefused, .offersRefused].contains(event) {
            fields[.file] = ["/etc/jitgate/x"]
        }
        return Record(
            sequence: UInt64(number),
            stamp: RecordStamp(
                realtime: Moment(microseconds: 1_796_126_400_000_000),
                boot: 0,
                bootID: String(repeating: "a", count: 32),
                machineID: String(repeating: "b", count: 32),
                hostname: "web-1"
            ),
            entry: AuditEntry(event, "It happened", fields: fields)
        )
    }

    @Test func `explains every kind of record, with what the record says, and what to do`() throws {
        let journald = try Journald()
        try journald.install(catalog: Self.file)
        var feed = try JournalFeed(socketPath: journald.socketPath, log: "/var/log/audit.jsonl")
        for (number, event) in AuditEvent.allCases.enumerated() {
            feed.publish([record(number, event)], at: 0)
        }
        let notices = [
            JournalNotice.missed(count: 3, first: 4, last: 6, log: "/var/log/audit.jsonl"),
            .checkpoint(note: "a\n1\nb\n\n"),
        ]
        // Journald's queue holds ten.
        try eventually {
            feed.retry(at: 0)
            return try journald.entries("JITGATE_SEQ=\(AuditEvent.allCases.count - 1)").count == 1
        }
        for notice in notices {
            let isSent = feed.send(notice)
            #expect(isSent)
        }
        _ = try journald.entries()
        for id in AuditEvent.allCases.map(\.messageID) + notices.map(\.messageID) {
            let shown = try journald.run(["journalctl", "-x", "--no-pager", "MESSAGE_ID=\(id)"])
                .text
            #expect(shown.contains(" Defined-By: jitgate"), "\(id)")
            #expect(shown.contains(" Documentation: man:jitgate"), "\(id)")
            // A field that is not there would show as its name, one that is misspelt with its @.
            let explained = shown.replacing("in JITGATE_CHECKPOINT", with: "")
            #expect(!explained.contains("@JITGATE"), "\(shown)")
            #expect(explained.contains("jitgate "), "\(id) says nothing to do")
        }
        let opened = try journald.run(
            ["journalctl", "-x", "--no-pager", "MESSAGE_ID=\(AuditEvent.grantOpened.messageID)"]
        )
        #expect(opened.text.contains("Subject: A port is open for dana"))
        #expect(opened.text.contains("jitgate revoke 0b8a2f6e-5c1d-4f0e-9a43-2f1f6f0c7d11"))
    }

    @Test func `names no field that a record may lack`() throws {
        let text = try String(contentsOfFile: Self.file, encoding: .utf8)
        let named = Set(
            text.split(separator: "@").filter { $0.hasPrefix("JITGATE_") }.map(String.init)
        )
        let always: Set<String> = [
            "JITGATE_GRANT", "JITGATE_FILE", "JITGATE_REQUESTOR", "JITGATE_DEADLINE",
            "JITGATE_MODE",
            "JITGATE_PEER", "JITGATE_REASON", "JITGATE_MISSED", "JITGATE_FIRST", "JITGATE_LAST",
        ]
        #expect(named.subtracting(always).isEmpty)
        let ids = text.split(separator: "\n").filter { $0.hasPrefix("-- ") }.map { $0.dropFirst(3) }
        #expect(ids.count == AuditEvent.allCases.count + 2)
        #expect(text.split(separator: "\n").allSatisfy { $0.count <= 100 })
    }
}
