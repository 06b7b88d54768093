import Auditing
import Foundation
import Grants
import Signatures
import StrictJSON
import TestSupport
import Testing

/// A host whose last agent knew the first rules, under which one person approved twice.
private struct EarlierHost {
    let host: AgentHost
    private let second: SSHKey
    let signers: String

    init() throws {
        host = try AgentHost(policy: "[defaults]\napprovals = 2")
        second = try SSHKey()
        // The name that both lines have is not the first of either.
        signers = """
            dana@example.com,dana \(try host.key.publicLine)
            d@old.example,dana \(try second.publicLine)

            """
        try host.write(signers, to: "allowed_signers")
        try host.submit(try file(), as: "earlier.grant")
        try writeLog(
            of: Array(Data(contentsOf: URL(fileURLWithPath: host.drop + "/earlier.grant")))
        )
        try host.start()
    }

    /// A grant that both keys signed.
    func file() throws -> [UInt8] {
        let file = try host.grant()
        return try file + second.sign(SignedFile(splitting: file).payload)
    }

    /// Leaves what the earlier agent did: the record of an opening, policy and signers.
    private func writeLog(of file: [UInt8]) throws {
        let policy = try String(contentsOfFile: host.policyPath, encoding: .utf8)
        try host.write(policy, to: "state/policy.toml")
        try host.write(signers, to: "state/allowed_signers")
        let digest = EvidenceFile.digest(of: Array(policy.utf8))
        let grant = try Grant(parsing: SignedFile(splitting: file).payload)
        let facts = GrantProvenance(
            grant: grant,
            digest: EvidenceFile.digest(of: file),
            signers: ["dana@example.com", "d@old.example"],
            file: host.drop + "/earlier.grant"
        )
        let lines = signers.split(separator: "\n").map(String.init)
        var log = try EarlierLog(of: host, before: 60, inThisBoot: true)
        try log.append([
            AuditEntry(
                .policyLoaded,
                "Policy loaded, in enforce mode",
                fields: [.mode: ["enforce"], .policyDigest: [digest], .evidence: [policy]]
            ),
            .accepted(facts, AuditEntry.evidence(file, signedBy: lines, under: digest)),
            .opened(facts, until: grant.expires),
        ])
        log.save()
    }

    /// Expects the earlier grant to be open, without a further record.
    func expectUndisturbed() throws {
        #expect(try host.openings() == ["192.0.2.7 . tcp . 22"])
        #expect(try host.records("grant-closed").isEmpty)
        #expect(try host.records("grant-refused").isEmpty)
    }

    func expectEndByPolicy() throws {
        try eventually { try host.reasons("grant-closed") == ["policy"] }
        #expect(try host.openings().isEmpty)
        let verified = try host.jitgate("audit", "verify")
        #expect(verified.status == 0, "\(verified.text)")
    }
}

@Suite struct `An upgrade to other rules` {
    @Test func `ends nothing that was open, and its log verifies by the rules of each time`() throws
    {
        let earlier = try EarlierHost()
        let host = earlier.host
        try earlier.expectUndisturbed()
        for _ in 0..<2 {
            host.kill()
            try host.start()
            try earlier.expectUndisturbed()
        }
        #expect(try host.jitgate("reload").status == 0)
        try earlier.expectUndisturbed()
        let verified = try host.jitgate("audit", "verify")
        #expect(verified.status == 0, "\(verified.text)")
        #expect(verified.text.contains("earlier rules: 1 grant, "))
        // What comes now is judged by the rules of now.
        try host.submit(earlier.file(), as: "later.grant")
        try eventually { try host.records("grant-refused").count == 1 }
        let reason = try #require(try host.reasons("grant-refused").first ?? nil)
        #expect(reason.contains("needs 2 signers and this has 1"))
        #expect(try host.openings() == ["192.0.2.7 . tcp . 22"])
    }

    @Test(arguments: [true, false])
    func `lets a change of the signers judge what is open, in the same run or before`(
        isRunning: Bool
    ) throws {
        let earlier = try EarlierHost()
        try earlier.expectUndisturbed()
        if !isRunning { earlier.host.kill() }
        try earlier.host.write("# new\n" + earlier.signers, to: "allowed_signers")
        if !isRunning { try earlier.host.start() }
        try earlier.expectEndByPolicy()
    }

    @Test(arguments: [true, false])
    func `lets a change of the policy judge what is open, in the same run or before`(
        isRunning: Bool
    ) throws {
        let earlier = try EarlierHost()
        try earlier.expectUndisturbed()
        if !isRunning { earlier.host.kill() }
        try earlier.host.edit {
            $0.replacing("approvals = 2", with: "approvals = 2\nmax_duration = \"2h\"")
        }
        if isRunning {
            #expect(try earlier.host.jitgate("reload").status == 0)
        } else {
            try earlier.host.start()
        }
        try earlier.expectEndByPolicy()
    }
}
