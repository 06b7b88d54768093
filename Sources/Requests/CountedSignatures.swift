package import Grants
package import Signatures

/// The signatures under a request, each checked as a host does it, by the allowed signers of the hub.
package struct CountedSignatures: Sendable {
    /// A signature that is kept, and the check of it.
    package struct Item: Sendable {
        package let collected: CollectedSignature
        /// The signature; `nil` if it counts no longer.
        package let verified: VerifiedSignature?
        /// The reason that it counts no longer.
        package let problem: String?
    }

    package let items: [Item]
    private let payload: [UInt8]

    package init(
        of payload: [UInt8],
        _ signatures: [CollectedSignature],
        by verifier: SignatureVerifier,
        at now: Moment
    ) {
        self.payload = payload
        items = signatures.map { signature in
            do throws(SignatureError) {
                let verified = try Self.check(signature.armor, over: payload, by: verifier, at: now)
                return Item(collected: signature, verified: verified, problem: nil)
            } catch {
                return Item(collected: signature, verified: nil, problem: error.description)
            }
        }
    }

    /// The signatures that count.
    package var verified: [VerifiedSignature] { items.compactMap(\.verified) }

    /// The file for hosts: the payload, the approvals, and the signatures of the requestor.
    ///
    /// That of somebody who asks for another approves nothing, and a host that does not list the signer
    /// would refuse the file for it.
    package func file(for requestor: String) -> [UInt8] {
        let fitting = items.filter { item in
            guard let verified = item.verified else { return false }
            return verified.namespace == .grant || verified.signer.isNamed(requestor)
        }
        return payload + fitting.prefix(SignedFile.signatureLimit).flatMap(\.collected.armor)
    }

    /// Checks one armored signature over a payload.
    package static func check(
        _ armor: [UInt8],
        over payload: [UInt8],
        by verifier: SignatureVerifier,
        at now: Moment
    ) throws(SignatureError) -> VerifiedSignature {
        let signed = try verifier.verify(payload + armor, at: now, only: [.grant, .request])
        // Bytes in front of the armor would be signed in place of the payload.
        guard signed.bytes == payload, signed.signatures.count == 1 else {
            throw .notOneSignature
        }
        return signed.signatures[0]
    }
}

extension CollectedSignature {
    /// The signature as it is kept, after its check.
    package init(_ armor: [UInt8], _ verified: VerifiedSignature, added: Moment) {
        self.init(
            sha256: FileDigest.sha256(of: armor),
            armor: armor,
            namespace: verified.namespace.rawValue,
            signer: verified.principal,
            key: verified.fingerprint,
            added: added
        )
    }
}
