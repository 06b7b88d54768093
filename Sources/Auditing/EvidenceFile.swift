import Crypto
import Grants

/// A file that a record rests on, as `STATE/evidence` keeps it (docs/PROTOCOL.audit, section 8).
package struct EvidenceFile: Hashable, Sendable {
    /// `SHA256.grant`, `SHA256.signers` or `SHA256.toml`.
    package let name: String
    package let bytes: [UInt8]

    /// The SHA-256 that a file is named by, in hex.
    package static func digest(of bytes: [UInt8]) -> String {
        SHA256.hash(data: bytes).hexadecimal
    }
}

extension AuditEntry {
    /// The proof that the record of a signed file carries: the file, the lines of allowed_signers that
    /// its signatures rest on, their certificates, and the SHA-256 of the policy that let it in.
    package static func evidence(
        _ file: [UInt8],
        signedBy lines: [String],
        certified certificates: [String] = [],
        under policy: String
    ) -> [AuditField: [String]] {
        var known = Set<String>()
        return [
            .evidence: [String(decoding: file, as: UTF8.self)],
            .allowedSigners: lines.filter { known.insert($0).inserted },
            .certificates: certificates,
            .policyDigest: [policy],
        ]
    }

    /// The field of this entry with the SHA-256 of the file that it rests on.
    package var evidenceDigestField: AuditField {
        switch event {
        case .policyLoaded: .policyDigest
        case .grantAccepted: .digest
        case .reviewAccepted: .review
        default: .revocation
        }
    }

    /// The digest that the record names its evidence by, whether it carries it or not.
    package var evidenceDigest: String? { self[evidenceDigestField] }

    /// The files that this record carries as its evidence.
    package var evidenceFiles: [EvidenceFile] {
        guard let text = self[.evidence], let digest = evidenceDigest else { return [] }
        let kind = event == .policyLoaded ? "toml" : "grant"
        let file = EvidenceFile(name: "\(digest).\(kind)", bytes: Array(text.utf8))
        guard let lines = fields[.allowedSigners], !lines.isEmpty else { return [file] }
        let signers = Array(lines.map { $0 + "\n" }.joined().utf8)
        return [file, EvidenceFile(name: "\(digest).signers", bytes: signers)]
    }

    /// True if the evidence is the very file that the record names by its digest.
    package var hasSoundEvidence: Bool {
        guard let text = self[.evidence] else { return false }
        return EvidenceFile.digest(of: Array(text.utf8)) == evidenceDigest
    }
}
