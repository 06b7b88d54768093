package import Admission
package import Grants
import StrictJSON

/// A claim that a token must have, and what it may be.
package struct ClaimRule: Hashable, Sendable {
    package let name: String
    package let pattern: TicketPattern

    /// Reads `NAME=PATTERN`, in which `*` is any text and `?` one character.
    package init(parsing text: String) throws(TextError) {
        guard let equal = text.firstIndex(of: "="), equal > text.startIndex else {
            throw TextError("`\(text)` is not NAME=PATTERN, such as repository=example/web")
        }
        name = String(text[..<equal])
        pattern = TicketPattern(String(text[text.index(after: equal)...]))
    }
}

/// The rules that a token of an issuer must meet.
package struct TokenRules: Hashable, Sendable {
    /// The difference of clocks that is allowed.
    package static let leeway: Duration = .seconds(60)

    package let issuer: String
    package let audience: String
    package let claims: [ClaimRule]

    package init(issuer: String, audience: String, claims: [ClaimRule]) {
        (self.issuer, self.audience, self.claims) = (issuer, audience, claims)
    }

    /// Checks all of a token at a time.
    ///
    /// - Throws: the first reason why it proves nothing.
    package func check(
        _ token: IdentityToken,
        by keys: IdentityKeys,
        at now: Moment
    ) async throws(IdentityError) {
        // Before anything that the token says of itself is believed.
        guard await TokenSignature.holds(token, by: try keys.key(of: token)) else {
            throw IdentityError("the signature of the token does not hold")
        }
        guard token.claims["iss"]?.text == issuer else {
            throw IdentityError("the token is of another issuer")
        }
        let audiences = token.claims["aud"].map { $0.items ?? [$0] } ?? []
        guard audiences.contains(.string(audience)) else {
            throw IdentityError("the token is for another audience")
        }
        try checkTimes(token.claims, now)
        for rule in claims { try check(rule, token.claims) }
    }

    private func checkTimes(_ claims: JSONValue, _ now: Moment) throws(IdentityError) {
        guard let expires = try Self.moment("exp", claims) else {
            throw IdentityError("the token has no end")
        }
        guard expires + Self.leeway > now else { throw IdentityError("the token has expired") }
        for name in ["nbf", "iat"] {
            guard let begin = try Self.moment(name, claims) else { continue }
            guard begin <= now + Self.leeway else {
                throw IdentityError("the token is not valid yet: the clocks differ")
            }
        }
    }

    /// A time in seconds since 1970; fractions do not count.
    private static func moment(
        _ name: String,
        _ claims: JSONValue
    ) throws(IdentityError) -> Moment? {
        guard let value = claims[name] else { return nil }
        // Later than the year 9999 is as good as never, and no time of a token.
        guard let seconds = value.number, (0...253_402_300_799).contains(seconds) else {
            throw IdentityError("the claim \(name) of the token is no time in whole seconds")
        }
        return Moment(microseconds: seconds * 1_000_000)
    }

    private func check(_ rule: ClaimRule, _ claims: JSONValue) throws(IdentityError) {
        guard let value = claims[rule.name] else {
            throw IdentityError("the token has no claim \(rule.name)")
        }
        let text =
            switch value {
            case .string(let text): text
            case .integer(let number): String(number)
            case .bool(let flag): String(flag)
            default: String?.none
            }
        guard let text, text.unicodeScalars.count <= 1024, rule.pattern.matches(text) else {
            throw IdentityError("the claim \(rule.name) of the token is not what it must be")
        }
    }
}
