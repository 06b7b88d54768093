import Auditing
import Commands
import Grants
import Recording
import Signatures
import TestSupport

extension AuditBench {
    /// The log of a host that takes the grant whatever its policy says.
    static func log(
        of vector: GrantVector,
        _ tables: String,
        _ signers: String
    ) throws -> AuditBench {
        let audit = try AuditBench()
        let policy =
            GrantVector.policy("hostname = \"web-1\"\n[grants]\n") + tables
        let digest = EvidenceFile.digest(of: Array(policy.utf8))
        let file = try SignedFile(splitting: vector.bytes)
        let lines = signers.split(separator: "\n").map(String.init)
        let verifier = SignatureVerifier(
            allowedSigners: try AllowedSigners(parsing: Array(signers.utf8))
        )
        let signed = try? verifier.verify(vector.bytes, at: Bench.now)
        let facts = GrantProvenance(
            grant: try Grant(parsing: file.payload),
            digest: FileDigest.sha256(of: vector.bytes),
            signers: signed?.approvals.map(\.principal) ?? [],
            approvers: vector.approvers,
            parties: signed?.parties ?? GrantParties(),
            file: "/\(vector)"
        )
        try audit.append([
            AuditEntry(
                .policyLoaded,
                "Policy loaded",
                fields: [.policyDigest: [digest], .evidence: [policy], .rules: ["4"]]
            ),
            .accepted(facts, AuditEntry.evidence(vector.bytes, signedBy: lines, under: digest)),
        ])
        return audit
    }
}
