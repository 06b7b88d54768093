import Grants

/// What one line of allowed_signers says.
struct AllowedSigner: Sendable {
    let principals: PatternList
    /// The principals as written, without quotes.
    let principalText: String
    let options: AllowedSignersOptions
    let key: PublicKey
    let keyType: String
    /// The key in wire form, which is what a signature names it by.
    let keyBlob: [UInt8]
    /// The line as written.
    let line: String

    /// How an approval names its signer.
    var principal: String { principals.firstName ?? principalText }

    func maySign(for namespace: SignatureNamespace) -> Bool {
        options.namespaces?.matches(namespace.rawValue) ?? namespace.isImplied
    }

    /// Why the line does not hold at a moment, or `nil` if it does.
    ///
    /// Both bounds are inclusive, as ssh-keygen has them. `earliest` is what time it is at least: until
    /// that has come the key does not begin to be valid.
    func lapse(at now: Moment, _ earliest: Moment) -> SignatureError? {
        let name = principalText.debugDescription
        if let first = options.validAfter, earliest < first {
            let doubt = now < first ? "" : " at least: the clock was set forward"
            return SignatureError(
                .notYetValid,
                "the key of \(name) is valid from \(first), and now it is \(earliest)\(doubt)"
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
