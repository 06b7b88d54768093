package import Grants
package import Signatures

/// A grant, a revocation, a review or a bulletin that allowed signers signed.
///
/// The one way from a file to its content: signatures are verified first, so that no parser sees
/// unsigned bytes. The agent, `jitgate verify` and `jitgate audit verify` use it.
package struct SignedDocument: Hashable, Sendable {
    package enum Content: Hashable, Sendable {
        case grant(Grant)
        case revocation(Revocation)
        case review(Review)
        case unbar(Unbar)
        case bulletin(Bulletin)
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
            content = try Content(payload.bytes, signedFor: payload.namespaces, under: rules)
        } catch {
            throw .syntax(error, payload)
        }
    }
}

extension SignedDocument.Content {
    /// Reads a file whose signers are not looked at, for a tool that passes it on.
    package init(of file: IntactFile) throws(GrantSyntaxError) {
        try self.init(file.bytes, signedFor: file.namespaces, under: .current)
    }

    /// Reads the signed bytes as one of the kinds that their signatures may be about.
    fileprivate init(
        _ bytes: [UInt8],
        signedFor namespaces: Set<SignatureNamespace>,
        under rules: RulesVersion
    ) throws(GrantSyntaxError) {
        let object = try SignedObject(parsing: bytes)
        let kinds = namespaces.kinds(under: rules)
        let kind = kinds.first { $0 == object.kind } ?? kinds.first
        self =
            switch kind {
            case Revocation.kind: .revocation(try Revocation(object, under: rules))
            case Review.kind: .review(try Review(object, under: rules))
            case Unbar.kind: .unbar(try Unbar(object, under: rules))
            case Bulletin.kind: .bulletin(try Bulletin(object))
            default: .grant(try Grant(object, under: rules))
            }
    }
}

extension Set<SignatureNamespace> {
    /// The kinds of file that such signatures may be about; the first is what is expected.
    fileprivate func kinds(under rules: RulesVersion) -> [String] {
        if contains(.grant) { return [Grant.kind] }
        if contains(.review) { return [Review.kind] }
        if contains(.bulletin) { return [Bulletin.kind] }
        if contains(.revocation) { return [Revocation.kind] }
        if contains(.lockout) { return [Revocation.kind, Unbar.kind] }
        return rules >= .fourth ? [Grant.kind, Revocation.kind] : [Grant.kind]
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
