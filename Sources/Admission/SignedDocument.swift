package import Grants
package import Signatures

/// A grant, a revocation or a review that allowed signers signed.
///
/// The one way from a file to its content: signatures are verified first, so that no parser sees
/// unsigned bytes. The agent, `jitgate verify` and `jitgate audit verify` use it.
package struct SignedDocument: Hashable, Sendable {
    package enum Content: Hashable, Sendable {
        case grant(Grant)
        case revocation(Revocation)
        case review(Review)
    }

    package let payload: SignedPayload
    package let content: Content

    /// Reads a file whose signers must be allowed at `moment`.
    package init(
        _ file: [UInt8],
        signersBy verifier: SignatureVerifier,
        at moment: Moment,
        under rules: RulesVersion = .current
    ) throws(DocumentError) {
        do throws(SignatureError) {
            payload = try verifier.verify(file, at: moment, under: rules)
        } catch {
            throw .signature(error)
        }
        do throws(GrantSyntaxError) {
            content = try Self.content(of: payload, under: rules)
        } catch {
            throw .syntax(error, payload)
        }
    }

    private static func content(
        of payload: SignedPayload,
        under rules: RulesVersion
    ) throws(GrantSyntaxError) -> Content {
        switch payload.namespace {
        case .grant, .request: .grant(try Grant(parsing: payload.bytes, under: rules))
        case .revocation: .revocation(try Revocation(parsing: payload.bytes, under: rules))
        case .review: .review(try Review(parsing: payload.bytes, under: rules))
        }
    }
}

/// The reason that a file is no signed grant or revocation.
package enum DocumentError: Error, Hashable, Sendable, CustomStringConvertible {
    case signature(SignatureError)
    /// The signatures are valid, but the payload is malformed.
    case syntax(GrantSyntaxError, SignedPayload)

    /// The stable name of the refusal.
    package var code: String {
        switch self {
        case .signature(let error): error.code.rawValue
        case .syntax(let error, _): error.code.rawValue
        }
    }

    package var description: String {
        switch self {
        case .signature(let error): "\(error)"
        case .syntax(let error, _): "\(error)"
        }
    }
}
