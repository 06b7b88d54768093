import Auditing
import CommandSupport
import Foundation
import Grants
import Recording
import Signatures
import StrictJSON
import TestSupport
import Testing

@testable import Commands

/// The audit key signs any record, but its holder cannot replace what the approvers signed.
@Suite struct `A log that its own host forged` {
    private let audit: AuditBench

    init() throws {
        audit = try AuditBench()
    }

    /// The flaws of a log with these as its next records.
    private func flaws(_ entries: [AuditEntry], _ options: String...) throws -> [String] {
        try audit.append(entries)
        let words = ["audit", "verify", "--log", "@audit", "--state", "@state"] + options
        let outcome = audit.bench.run(words: words)
        let lines = outcome.output.split(separator: "\n").map(String.init)
        #expect((outcome.status == .done) == lines.allSatisfy { !$0.hasPrefix("NO") })
        return lines.filter { $0.hasPrefix("NO") }.map { String($0.dropFirst(4)) }
    }

    @Test(arguments: [AuditField.sources, .ports, .requestor, .justification])
    func `shows an opening that is not what was signed`(field: AuditField) throws {
        var entries = try audit.moreGrantEntries()
        entries[1].fields[field] = ["0.0.0.0/0"]
        #expect(try flaws(entries) == ["record 7: its \(field.rawValue) is not what was signed"])
        // Under a name that is the same id to some readers only.
        var loud = try audit.moreGrantEntries()
        loud[1].fields[.grant] = loud[1].fields[.grant]?.map { $0.uppercased() }
        #expect(try flaws(loud).last == "record 10: its JITGATE_GRANT is not what was signed")
        // Nor does a bundle prove it.
        _ = audit.bench.run("audit", "prove", "7", "--log", "@audit", "-o", "@p")
        let proof = audit.bench.run("audit", "verify-proof", "@p", "--key", audit.key)
        #expect(proof.status == .no && proof.errors.contains("is not what was signed"))
    }

    @Test(arguments: [AuditField.grant, .digest, .deadline])
    func `shows an opening that says two things`(field: AuditField) throws {
        var entries = try audit.moreGrantEntries()
        entries[1].fields[field, default: []].append("2027-01-01T00:00:00Z")
        #expect(try flaws(entries).first == "record 7: its \(field.rawValue) has several values")
        // Nor is there a record of two kinds.
        let line = String(decoding: audit.bench.record(0, entries[0]).line, as: UTF8.self)
        for name in ["JITGATE_EVENT", "JITGATE_SEQ", "_HOSTNAME", "MESSAGE"] {
            let parts = line.split(separator: "\"\(name)\":\"", maxSplits: 1)
            let forged =
                "\(parts[0])\"\(name)\":[\"x\",\""
                + parts[1].replacing("\",", with: "\"],", maxReplacements: 1)
            #expect(throws: RecordError(description: "`\(name)` has several values")) {
                try Record(parsing: Array(forged.utf8))
            }
        }
    }

    @Test func `names who signed in a bundle, whoever the record says`() throws {
        var entries = try audit.moreGrantEntries()
        entries[1].fields[.signers] = ["ceo@example.com"]
        try audit.append(entries)
        func proof(_ number: Int) throws -> Bench.Outcome {
            _ = audit.bench.run("audit", "prove", "\(number)", "--log", "@audit", "-o", "@p")
            return audit.bench.run("audit", "verify-proof", "@p", "--key", audit.key)
        }
        #expect(try proof(7).output.hasSuffix("signed: 1 valid signature, of ops@example.com\n"))
        // The grant behind it left out.
        let bundle = try JSONNode.parse(audit.bench.read("p")).value
        let first = try #require(bundle["records"]?.items?.first)
        let less: JSONValue = ["jitgate": "proof/1", "records": .array([first])]
        try audit.bench.write(String(decoding: less.encoded(), as: UTF8.self), to: "p")
        let outcome = audit.bench.run("audit", "verify-proof", "@p", "--key", audit.key)
        #expect(
            outcome.output.hasSuffix("unsigned: the bundle does not hold the grant behind it\n")
        )
    }

    @Test func `shows a deadline that was not signed, by the hours and by the end`() throws {
        // The agent's time may be a little ahead of what its records show.
        var entries = try audit.moreGrantEntries()
        entries[1].fields[.deadline] = ["\(Bench.now + .seconds(7 + 7260))"]
        #expect(try flaws(entries) == [])
        for (later, number) in [(7261, 10), (86_400, 13)] {
            entries = try audit.moreGrantEntries()
            // The grant is for two hours.
            entries[1].fields[.deadline] = ["\(Bench.now + .seconds(Int64(later + number)))"]
            let text = "record \(number): its JITGATE_DEADLINE is later than what was signed allows"
            #expect(try flaws(entries).last == text)
        }
    }

    @Test func `shows a grant that opens twice, again or under an id that was taken`() throws {
        let first = try audit.moreGrantEntries()
        #expect(
            try flaws([first[0], first[1], first[1], first[2], first[1], first[2], first[0]]) == [
                "record 8: a grant opened that was open already",
                "record 10: a grant opened that had ended",
                "record 12: a grant was accepted whose id was taken before",
            ]
        )
    }

    @Test func `shows what drained without having been let drain`() throws {
        func drained(_ closed: AuditEntry) -> [AuditEntry] {
            [
                closed,
                AuditEntry(.drainEnded, "Drained", fields: closed.withoutEvidence.fields),
            ]
        }
        var entries = try audit.moreGrantEntries()
        entries[2].fields[.drainUntil] = ["2027-01-01T00:00:00Z"]
        #expect(try flaws(entries.dropLast() + drained(entries[2])) == [])
        #expect(
            try flaws(drained(entries[2]).suffix(1))
                == ["record 10: sessions have drained that no record let drain"]
        )
        entries = try audit.moreGrantEntries()
        entries[2].fields[.drainUntil] = ["2027-01-01T00:00:00Z"]
        entries[2].fields[.reason] = ["revoked"]
        #expect(
            try flaws(entries).last
                == "record 13: a grant drains that did not reach its deadline"
        )
    }

    @Test(arguments: [[AuditField.digest: ["00"]], [.digest: []], [:]])
    func `shows an end that is not of what was signed`(change: [AuditField: [String]]) throws {
        var entries = try audit.moreGrantEntries()
        entries[2].fields.merge(change) { $1 }
        entries[2].fields[.sources] = ["0.0.0.0/0"]
        let field = change.isEmpty ? "JITGATE_SOURCES" : "JITGATE_GRANT_SHA256"
        #expect(try flaws(entries) == ["record 8: its \(field) is not what was signed"])
    }

    @Test func `shows a revocation that nobody signed`() throws {
        let grants = try (0..<3).map { _ in try audit.moreGrantEntries() }
        let ids = grants.prefix(2).compactMap { $0[0][.grant] }
        let order = try revocation(of: ids)
        func closed(_ number: Int, _ fields: [AuditField: [String]]) -> AuditEntry {
            var entry = grants[number][2]
            entry.fields.merge(fields) { $1 }
            return entry
        }
        let opened = grants.flatMap { [$0[0], $0[1]] }
        var named = order
        named[.evidence] = nil
        named[.allowedSigners] = nil
        // The record with the file may come after one that only names it.
        let honest = opened + [closed(0, named), closed(1, order)]
        #expect(try flaws(honest) == [])
        // Whose signature is whose.
        _ = audit.bench.run("audit", "prove", "13", "--log", "@audit", "-o", "@p")
        let proof = audit.bench.run("audit", "verify-proof", "@p", "--key", audit.key)
        let name = "1 valid signature, of ops@example.com\n"
        #expect(proof.output.hasSuffix("\nsigned: \(name)revoked: \(name)"))
        #expect(
            try flaws([closed(2, named)])
                == ["record 14: the revocation that it names is not of this grant"]
        )
        // What no eye sees may stand behind the colon.
        for (number, mark) in ["", "\u{200D}"].enumerated() {
            #expect(
                try flaws([closed(2, [.actor: ["signer:\(mark)ops@example.com"]])]).last
                    == "record \(15 + number): it names who signed its revocation, and no file"
            )
        }
        named[.revocation] = [String(repeating: "a", count: 64)]
        #expect(
            try flaws([closed(2, named)]).last
                == "record 17: no record carries the revocation that it names"
        )
    }

    @Test(arguments: [AuditField.actor, .comment], [true, false])
    func `shows a revocation that names another`(field: AuditField, isFirst: Bool) throws {
        let grants = try (0..<2).map { _ in try audit.moreGrantEntries() }
        let order = try revocation(of: grants.compactMap { $0[0][.grant] })
        var closed = [grants[0][2], grants[1][2]]
        for index in closed.indices { closed[index].fields.merge(order) { $1 } }
        // One of them carries the file, the other one only names it.
        let forged = isFirst ? 0 : 1
        for name in [AuditField.evidence, .allowedSigners] { closed[forged].fields[name] = nil }
        closed[forged].fields[field] = ["signer:ceo@example.com"]
        let flaw = "record \(10 + forged): its \(field.rawValue) is not what was signed"
        #expect(try flaws(grants.flatMap { [$0[0], $0[1]] } + closed) == [flaw])
    }

    /// The fields of a revocation that an approver signed.
    private func revocation(of ids: [String]) throws -> [AuditField: [String]] {
        let list = ids.map { "\"\($0)\"" }.joined(separator: ",")
        let payload = Array(
            """
            {"jitgate":"revocation/1","ids":[\(list)],"hosts":["web-1"],"reason":"lost laptop"}

            """.utf8
        )
        let file = try payload + audit.bench.approver.sign(payload, namespace: "jitgate-revocation")
        return [
            .actor: ["signer:ops@example.com"], .comment: ["lost laptop"],
            .revocation: [EvidenceFile.digest(of: file)],
            .evidence: [String(decoding: file, as: UTF8.self)],
            .allowedSigners: try ["ops@example.com \(audit.bench.approver.publicLine)"],
        ]
    }

    @Test func `shows a policy without its file, or that no record carries`() throws {
        let digest = String(repeating: "a", count: 64)
        let policy = AuditEntry(.policyLoaded, "Loaded", fields: [.policyDigest: [digest]])
        #expect(try flaws([policy]) == ["record 6: a policy without its file"])
        var entries = try audit.moreGrantEntries()
        entries[0].fields[.policyDigest] = [digest]
        #expect(
            try flaws(entries).last
                == "record 7: no record before it carries the policy that let it in"
        )
    }

    @Test(arguments: [
        ("[defaults]\napprovals = 2\n", "signatures: 22/tcp needs 2 signers and this has 1"),
        ("hostname = \"web-2\"\n", "hosts: none of them is this host"),
        ("[[port]]\nnumber = 3389\nprotocol = \"tcp\"\n", "ports[0]: 22/tcp is not protected here"),
        ("[defaults]\nmax_duration = \"1h\"\n", "duration: it would hold 22/tcp open for 2h"),
        (
            "[defaults]\nallowed_sources = [\"10.0.0.0/8\"]\n",
            "sources[0]: 203.0.113.7/32 may not come to 22/tcp"
        ),
    ])
    func `shows a grant that the policy then did not let in`(rule: String, why: String) throws {
        let text = "mode = \"enforce\"\n" + rule
        let digest = EvidenceFile.digest(of: Array(text.utf8))
        let fields: [AuditField: [String]] = [.policyDigest: [digest], .evidence: [text]]
        var entries = try audit.moreGrantEntries()
        entries[0].fields[.policyDigest] = [digest]
        let loaded = AuditEntry(.policyLoaded, "Policy loaded", fields: fields)
        #expect(
            try flaws([loaded] + entries)
                == ["record 7: the policy then did not let it in: \(why)"]
        )
    }

    @Test func `shows a grant that an earlier policy let in`() throws {
        func loaded(_ text: String) -> AuditEntry {
            let digest = EvidenceFile.digest(of: Array(text.utf8))
            let fields: [AuditField: [String]] = [.policyDigest: [digest], .evidence: [text]]
            return AuditEntry(.policyLoaded, "Policy loaded", fields: fields)
        }
        // The one that it names was the first of all.
        let strict = loaded("mode = \"enforce\"\n[defaults]\napprovals = 2\n")
        let why = "it names a policy that was not in force then"
        #expect(try flaws([strict] + audit.moreGrantEntries()) == ["record 7: \(why)"])
        let signers = AuditEntry(.policyLoaded, "Signers loaded", fields: [.file: ["/s"]])
        let back = [loaded("mode = \"enforce\"\n"), signers] + (try audit.moreGrantEntries())
        #expect(try flaws(back) == ["record 7: \(why)"])
    }

    /// A log that begins with what it says of these.
    private func prunedLog(_ entries: (AuditBench) throws -> [AuditEntry]) throws -> AuditBench {
        let audit = try AuditBench(rotatingAt: 1)
        try audit.append(entries(audit))
        for number in 0..<6 {
            try audit.remove("audit/audit-0000000000000000000\(number).jsonl")
        }
        return audit
    }

    @Test func `counts the openings of a pruned log that nothing proves`() throws {
        // Of the second one there is no record but that it opened, and ended.
        let audit = try prunedLog { audit in
            try audit.moreGrantEntries() + audit.moreGrantEntries().dropFirst()
        }
        #expect(try audit.flaws("--pruned") == [])
        let output = audit.verify("--pruned").output
        let text = "\nunproven: 1 opening, whose grant was accepted in records not here\n"
        #expect(output.contains(text))
        let words = ["audit", "report", "--from=today", "--log", "@audit", "--pruned"]
        let report = audit.bench.run(words: words).output
        #expect(report.contains("And for 1 whose grant was accepted in records that are not here."))
    }

    @Test func `takes no name of a signer without a file, in a pruned log either`() throws {
        let audit = try prunedLog { audit in
            var entries = try audit.moreGrantEntries()
            entries[2].fields[.actor] = ["signer:ops@example.com"]
            return entries
        }
        #expect(try audit.flaws("--pruned") == ["evidence 8"])
    }

    @Test func `says of how many grants it cannot tell whether the policy let them in`() throws {
        let text = "a policy of another version\n"
        let digest = EvidenceFile.digest(of: Array(text.utf8))
        let fields: [AuditField: [String]] = [.policyDigest: [digest], .evidence: [text]]
        var entries = try audit.moreGrantEntries()
        entries[0].fields[.policyDigest] = [digest]
        let loaded = AuditEntry(.policyLoaded, "Policy loaded", fields: fields)
        #expect(try flaws([loaded] + entries) == [])
        #expect(audit.verify().output.contains("\nunjudged: 1 grant"))
        let words = ["audit", "report", "--from=today", "--log", "@audit", "--state", "@state"]
        let report = audit.bench.run(words: words).output
        #expect(report.contains("But for 1 whose policy is not here or cannot be read."))
    }
}
