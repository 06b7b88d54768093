import Grants

/// One line of allowed_signers, parsed.
struct AllowedSigner: Sendable {
    let principals: PatternList
    /// The principals as written, without quotes.
    let principalText: String
    let options: AllowedSignersOptions
    let key: PublicKey
    let keyType: String
    /// The key in wire form, by which a signature names it.
    let keyBlob: [UInt8]
    /// The line as written.
    let line: String

    /// The name of the signer in an approval.
    var principal: String { principals.firstName ?? principalText }

    func maySign(for namespace: SignatureNamespace) -> Bool {
        options.namespaces?.matches(namespace.rawValue) ?? namespace.isImplied
    }

    /// The names of a certificate that this line lets its authority certify.
    func certifiable(_ principals: [String]) -> [String] {
        principals.filter { PatternList.isPlainName($0) && self.principals.matches($0) }
    }

    /// The reason that the line is not valid at a moment, or `nil` if it is.
    ///
    /// Both bounds are inclusive, as in ssh-keygen.
    func lapse(at now: Moment) -> SignatureError? {
        let name = principalText.debugDescription
        if let first = options.validAfter, now < first {
            return SignatureError(
                .notYetValid,
                "the key of \(name) is valid from \(first), and now it is \(now)"
            )
        }
        if let last = options.validBefore, now > last {
            return SignatureError(
                .noLongerValid,
                "the key of \(name) was valid until \(last), and now it is \(now)"
            )
        }
        return nil
    }
}
