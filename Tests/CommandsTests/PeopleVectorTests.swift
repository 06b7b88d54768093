import Auditing
import Commands
import Grants
import Linux
import Recording
import Signatures
import StrictJSON
import TestSupport
import Testing

/// Signers who are one person or several, as each program that judges a grant has to see it; the
/// agent's tests are in EndToEndTests.
@Suite struct `A grant by one person or several` {
    private static let bench = Result {
        let bench = try Bench()
        try bench.write(try GrantVector.peopleSigners, to: "allowed_signers")
        let ports = try GrantVector.peoplePolicy
        try bench.editPolicy { GrantVector.policy($0) + ports }
        return bench
    }

    @Test func `is there in every kind`() {
        #expect(GrantVector.people.count > 45)
        #expect(GrantVector.people.count { $0.refusals.isEmpty } > 12)
    }

    @Test(arguments: GrantVector.people)
    func `is judged by jitgate verify`(vector: GrantVector) throws {
        let bench = try Self.bench.get()
        let path = bench.path("\(vector).grant")
        try AtomicFile.replace(path, with: vector.bytes, mode: 0o600)
        let outcome = bench.run("verify", path, "--json")
        let checks = try JSONNode.parse(Array(outcome.output.utf8)).value["checks"]?.items ?? []
        let failed = checks.filter { $0["ok"] == false }
        #expect(failed.map { $0["code"]?.text } == vector.refusals, "\(failed)")
    }

    /// The log of a host that takes the grant whatever its policy says.
    private func log(of vector: GrantVector) throws -> AuditBench {
        let audit = try AuditBench()
        let policy =
            GrantVector.policy("hostname = \"web-1\"\n[grants]\n")
            + (try GrantVector.peoplePolicy)
        let digest = EvidenceFile.digest(of: Array(policy.utf8))
        let file = try SignedFile(splitting: vector.bytes)
        let lines = try GrantVector.peopleSigners.split(separator: "\n").map(String.init)
        let verifier = SignatureVerifier(
            allowedSigners: try AllowedSigners(parsing: Array(GrantVector.peopleSigners.utf8))
        )
        let signed = try? verifier.verify(vector.bytes, at: Bench.now)
        let facts = GrantProvenance(
            grant: try Grant(parsing: file.payload),
            digest: FileDigest.sha256(of: vector.bytes),
            signers: signed?.approvals.map(\.principal) ?? [],
            file: "/\(vector)"
        )
        try audit.append([
            AuditEntry(
                .policyLoaded,
                "Policy loaded",
                fields: [.policyDigest: [digest], .evidence: [policy], .rules: ["2"]]
            ),
            .accepted(facts, AuditEntry.evidence(vector.bytes, signedBy: lines, under: digest)),
        ])
        return audit
    }

    @Test(arguments: GrantVector.people)
    func `is judged alike by jitgate audit verify`(vector: GrantVector) throws {
        let flaws = try log(of: vector).flaws()
        switch vector.refusals.first {
        case nil: #expect(flaws.isEmpty)
        case "approvals": #expect(flaws == ["policy 7"])
        default: #expect(flaws == ["signature 7"])
        }
    }
}
