package import Admission
package import Grants
package import Signatures

/// The content of a file that one person signs for a hub (docs/PROTOCOL.hub, sections 2 and 3).
package protocol HubDocument: Hashable, Sendable {
    /// The `jitgate` field.
    static var kind: String { get }
    static var namespace: SignatureNamespace { get }

    init(_ object: SignedObject) throws(GrantSyntaxError)

    /// The file to be signed: indented JSON, ended by a line feed.
    func payload() -> [UInt8]
}

extension HubDocument {
    /// Reads one from the bytes that its signer signed.
    package init(parsing bytes: [UInt8]) throws(GrantSyntaxError) {
        try self.init(SignedObject(parsing: bytes))
    }
}

/// A login or a decision with its one valid signature.
package struct SignedHubDocument<Content: HubDocument>: Hashable, Sendable {
    package let content: Content
    package let signature: VerifiedSignature

    /// Reads a file whose signer must be allowed at `moment`; no parser sees unsigned bytes.
    package init(
        _ file: [UInt8],
        signersBy verifier: SignatureVerifier,
        at moment: Moment
    ) throws(HubDocumentError) {
        let payload: SignedPayload
        do throws(SignatureError) {
            payload = try verifier.verify(file, at: moment, only: [Content.namespace])
        } catch {
            throw .document(.signature(error))
        }
        guard let signature = payload.signatures.first, payload.signatures.count == 1 else {
            throw .severalSignatures
        }
        self.signature = signature
        do throws(GrantSyntaxError) {
            content = try Content(parsing: payload.bytes)
        } catch {
            throw .document(.syntax(error, payload))
        }
    }
}

/// The reason that a file is no login or no decision.
package enum HubDocumentError: Error, Hashable, Sendable, CustomStringConvertible {
    case document(DocumentError)
    /// It has more than one signature, so it is not one person's.
    case severalSignatures

    /// The stable name of the refusal.
    package var code: String {
        switch self {
        case .document(let error): error.code
        case .severalSignatures: "several-signatures"
        }
    }

    /// True if the signature is at fault, not what is signed.
    package var isUnsigned: Bool {
        switch self {
        case .document(.signature), .severalSignatures: true
        case .document(.syntax): false
        }
    }

    /// The field at fault; empty if it is the file as a whole.
    package var field: String {
        guard case .document(.syntax(let error, _)) = self else { return "" }
        return error.field
    }

    package var description: String {
        switch self {
        case .document(let error): error.description
        case .severalSignatures: "it has several signatures; one person signs it, once"
        }
    }
}
