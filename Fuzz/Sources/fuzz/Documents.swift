import Admission
import Grants
@testable import Signatures

/// Signed files, and allowed_signers.
extension Target {
    static let documents = [
        Target(name: "grant") { bytes in
            if let grant = try? Grant(parsing: bytes) {
                hold(!grant.sources.isEmpty && !grant.ports.isEmpty, "a grant opens something")
            }
            if let revocation = try? Revocation(parsing: bytes) {
                let texts = revocation.selection.texts
                hold(
                    RevocationSelection(recorded: texts) == revocation.selection,
                    "it is told"
                )
                let again = try? Revocation(parsing: revocation.payload())
                hold(again == revocation, "a revocation reads back")
            }
            if let object = try? SignedObject(parsing: bytes) {
                _ = try? Unbar(object, under: .current)
            }
            if let bulletin = try? Bulletin(parsing: bytes) {
                let again = try? Bulletin(parsing: bulletin.payload())
                hold(again == bulletin, "a bulletin reads back")
                hold(bulletin.issued < bulletin.expires, "it ends after it begins")
            }
            if let review = try? Review(parsing: bytes) {
                hold((try? Review(parsing: review.payload())) == review, "a review reads back")
            }
        },
        Target(name: "signature") { bytes in
            guard let file = try? SignedFile(splitting: bytes) else { return }
            hold(!file.payload.isEmpty && !file.signatures.isEmpty, "both parts are there")
            hold(bytes.starts(with: file.payload), "the payload is the beginning, byte for byte")
            for blob in file.signatures { _ = try? SSHSignature(parsing: blob) }
        },
        Target(name: "signature-blob") { bytes in
            guard let signature = try? SSHSignature(parsing: bytes) else { return }
            _ = try? PublicKeyForm(parsing: signature.keyBlob)
            _ = try? Certificate(parsing: signature.keyBlob)
        },
        Target(name: "certificate") { bytes in
            guard let certificate = try? Certificate(parsing: bytes) else { return }
            hold(!certificate.principals.isEmpty, "a certificate has principals")
            hold((try? PublicKeyForm(parsing: certificate.keyBlob)) != nil, "its key is one")
            let now = Moment(microseconds: 1_800_000_000_000_000)
            _ = try? certificate.requireValid(at: now)
        },
        // What a passkey made, behind the numbers of its signature, for the challenge `challenge`.
        Target(name: "webauthn") { bytes in
            var reader = WireReader(bytes)
            let challenge = Array("challenge".utf8)
            guard let assertion = try? WebAuthnAssertion(reading: &reader, challenge: challenge)
            else { return }
            guard let signature = try? assertion.browserSignature() else { return }
            let isPlain = signature.origin.utf8.allSatisfy { (0x21...0x7E).contains($0) }
            hold(isPlain && !signature.origin.contains("\""), "an origin is printable ASCII")
        },
        Target(name: "revoked-keys") { bytes in
            guard let revoked = try? RevokedKeys(parsing: bytes) else { return }
            _ = try? revoked.check(Array(bytes.prefix(64)))
        },
        Target(name: "public-key") { bytes in _ = try? PublicKey(parsing: bytes) },
        Target(name: "allowed-signers") { bytes in _ = try? AllowedSigners(parsing: bytes) },
        // The first part is allowed_signers, up to a line that no file of either kind contains.
        Target(name: "signed-document") { bytes in
            let border = Array("\u{C}\n".utf8)
            guard let gap = bytes.firstRange(of: border),
                let signers = try? AllowedSigners(parsing: Array(bytes[..<gap.lowerBound]))
            else { return }
            let verifier = SignatureVerifier(allowedSigners: signers)
            let file = Array(bytes[gap.upperBound...])
            let moment = Moment(microseconds: 1_800_000_000_000_000)
            _ = try? SignedDocument(file, signersBy: verifier, at: moment)
        },
    ]
}
