import Crypto
import CryptoExtras
import Foundation
import Grants
import StrictJSON
import Testing

@testable import WorkloadIdentity

/// An issuer with real keys.
struct TestIssuer {
    static let issuer = "https://token.actions.example.com"
    static let now = Moment(microseconds: 1_800_000_000_000_000)

    let rsa: _RSA.Signing.PrivateKey
    let curve = P256.Signing.PrivateKey()

    init() throws { rsa = try _RSA.Signing.PrivateKey(keySize: .bits2048) }

    static func text(_ bytes: some Sequence<UInt8>) -> String {
        Data(bytes).base64EncodedString().replacing("+", with: "-").replacing("/", with: "_")
            .replacing("=", with: "")
    }

    /// The set of keys as an issuer shows it, with one that only encrypts.
    var set: String {
        get throws {
            let primitives = try rsa.publicKey.getKeyPrimitives()
            let (n, e) = (
                Self.text(primitives.modulus), Self.text(primitives.publicExponent)
            )
            let point = curve.publicKey.rawRepresentation
            let (x, y) = (Self.text(point.prefix(32)), Self.text(point.suffix(32)))
            return """
                {"keys": [
                {"kty": "RSA", "kid": "rsa", "use": "sig", "alg": "RS256", "n": "\(n)", "e": "\(e)"},
                {"kty": "EC", "kid": "ec", "use": "sig", "crv": "P-256", "x": "\(x)", "y": "\(y)"},
                {"kty": "RSA", "kid": "enc", "use": "enc", "n": "\(n)", "e": "\(e)"},
                {"kty": "oct", "kid": "oct", "k": "AAAA"}]}
                """
        }
    }

    static func claims(_ changes: [String: String] = [:], but omitted: String? = nil) -> String {
        var claims = [
            "iss": "\"\(issuer)\"", "aud": "\"https://hub.example.com\"",
            "iat": "1800000000", "nbf": "1799999990", "exp": "1800000300",
            "sub": "\"repo:example/web:ref:refs/heads/main\"", "repository": "\"example/web\"",
            "ref": "\"refs/heads/main\"", "run_attempt": "1", "ref_protected": "true",
        ]
        claims.merge(changes) { $1 }
        if let omitted { claims[omitted] = nil }
        return "{"
            + claims.sorted { $0.key < $1.key }.map { "\"\($0)\": \($1)" }.joined(separator: ", ")
            + "}"
    }

    func sign(_ claims: String, by key: String = "rsa", header: String? = nil) throws -> String {
        let algorithm = key == "ec" ? "ES256" : "RS256"
        let header = header ?? #"{"alg": "\#(algorithm)", "kid": "\#(key)", "typ": "JWT"}"#
        let text = Self.text(header.utf8) + "." + Self.text(claims.utf8)
        let signature =
            key == "ec"
            ? Array(try curve.signature(for: Data(text.utf8)).rawRepresentation)
            : Array(
                try rsa.signature(for: Data(text.utf8), padding: .insecurePKCS1v1_5)
                    .rawRepresentation
            )
        return text + "." + Self.text(signature)
    }
}

/// Tokens of jobs, right and hostile.
struct TokenTests {
    private let issuer: TestIssuer

    init() throws { issuer = try TestIssuer() }

    private func rules(_ claims: String...) throws -> TokenRules {
        TokenRules(
            issuer: TestIssuer.issuer,
            audience: "https://hub.example.com",
            claims: try claims.map { try ClaimRule(parsing: $0) }
        )
    }

    /// The reason why a token proves nothing; empty if it proves all.
    private func refusal(_ token: String, _ rules: TokenRules? = nil) async throws -> String {
        let keys = try IdentityKeys(parsing: Array(issuer.set.utf8))
        let rules = try rules ?? self.rules("repository=example/web")
        do throws(IdentityError) {
            try await rules.check(IdentityToken(parsing: token), by: keys, at: TestIssuer.now)
            return ""
        } catch {
            return error.description
        }
    }

    @Test(arguments: ["rsa", "ec"])
    func `a token of the issuer is taken, with claims as patterns`(key: String) async throws {
        let token = try issuer.sign(TestIssuer.claims(), by: key)
        #expect(try await refusal(token + "\n") == "")
        let rules = try rules(
            "sub=repo:example/*:ref:refs/heads/main",
            "ref=refs/heads/*",
            "run_attempt=1",
            "ref_protected=true"
        )
        #expect(try await refusal(token, rules) == "")
        let many = TestIssuer.claims(["aud": "[\"other\", \"https://hub.example.com\"]"])
        #expect(try await refusal(issuer.sign(many, by: key)) == "")
        for (rule, reason) in [
            ("repository=example/we", "is not what"), ("repository=other/*", "is not what"),
            ("environment=*", "has no claim"),
        ] {
            #expect(try await refusal(token, self.rules(rule)).contains(reason), "\(rule)")
        }
    }

    private static let mistakes: [([String: String], String?, String)] = [
        (["iss": "\"https://evil.example.com\""], nil, "another issuer"),
        (["aud": "\"sts.amazonaws.com\""], nil, "another audience"),
        (["aud": "[]"], nil, "another audience"),
        (["exp": "1799999939"], nil, "expired"), (["exp": "-1"], nil, "no time"),
        (["exp": "\"1800000300\""], nil, "no time"), (["exp": "1e300"], nil, "no time"),
        (["nbf": "1800000061"], nil, "not valid yet"),
        (["iat": "1800000061"], nil, "not valid yet"),
        ([:], "iss", "another issuer"), ([:], "aud", "another audience"), ([:], "exp", "no end"),
        ([:], "repository", "has no claim"),
        (["repository": "[\"example/web\"]"], nil, "is not what"),
        (["repository": "null"], nil, "is not what"),
    ]

    @Test(arguments: mistakes)
    func `a token of another time, place or job is refused`(
        changes: [String: String],
        omitted: String?,
        reason: String
    ) async throws {
        let claims = TestIssuer.claims(changes, but: omitted)
        for key in ["rsa", "ec"] {
            #expect(try await refusal(issuer.sign(claims, by: key)).contains(reason), "\(claims)")
        }
    }

    @Test func `a minute is forgiven to clocks`() async throws {
        for changes in [["exp": "1799999941"], ["nbf": "1800000060"], ["iat": "1800000060"]] {
            #expect(try await refusal(issuer.sign(TestIssuer.claims(changes))) == "", "\(changes)")
        }
    }

    @Test func `no signature, one by the public key, and one of another key are refused`()
        async throws
    {
        let claims = TestIssuer.claims()
        let none =
            TestIssuer.text(#"{"alg": "none", "kid": "rsa"}"#.utf8) + "."
            + TestIssuer.text(claims.utf8) + "."
        #expect(try await refusal(none).contains("neither"))
        // The public key as the secret of HS256, in the forms that libraries have fallen for.
        for secret in [
            Data(issuer.rsa.publicKey.pemRepresentation.utf8), Data(try issuer.set.utf8),
        ] {
            let text =
                TestIssuer.text(#"{"alg": "HS256", "kid": "rsa"}"#.utf8) + "."
                + TestIssuer.text(claims.utf8)
            let code = HMAC<SHA256>.authenticationCode(
                for: Data(text.utf8),
                using: SymmetricKey(data: secret)
            )
            #expect(try await refusal(text + "." + TestIssuer.text(code)).contains("neither"))
        }
        for header in [
            #"{"alg": "RS256", "kid": "other"}"#, #"{"alg": "RS256", "kid": "enc"}"#,
            #"{"alg": "RS256", "kid": "oct"}"#,
        ] {
            #expect(
                try await refusal(issuer.sign(claims, header: header)).contains("no key"),
                "\(header)"
            )
        }
        for header in [
            #"{"alg": "RS256"}"#, #"{"alg": "RS256", "kid": ""}"#,
            #"{"alg": "RS256", "kid": "rsa", "crit": ["exp"]}"#,
        ] {
            #expect(try await refusal(issuer.sign(claims, header: header)).contains("names no key"))
        }
        #expect(
            try await refusal(issuer.sign(claims, header: #"{"alg": "RS256", "kid": "ec"}"#))
                .contains("another algorithm")
        )
        #expect(
            try await refusal(
                issuer.sign(claims, header: #"{"alg": "RS256", "kid": "enc", "kid": "rsa"}"#)
            )
            .contains("header")
        )
        let stranger = try TestIssuer()
        for key in ["rsa", "ec"] {
            #expect(try await refusal(stranger.sign(claims, by: key)).contains("does not hold"))
        }
        #expect(
            try await refusal(
                issuer.sign(claims, by: "ec", header: #"{"alg": "RS256", "kid": "rsa"}"#)
            )
            .contains("does not hold")
        )
    }

    @Test func `changed, doubled and endless tokens are refused`() async throws {
        let token = try issuer.sign(TestIssuer.claims())
        let parts = token.split(separator: ".").map(String.init)
        let other = TestIssuer.text(TestIssuer.claims(["ref": "\"refs/heads/evil\""]).utf8)
        #expect(try await refusal("\(parts[0]).\(other).\(parts[2])").contains("does not hold"))
        #expect(try await refusal("\(parts[0]).\(parts[1]).").contains("does not hold"))
        #expect(try await refusal("\(parts[0]).\(parts[1])").contains("three parts"))
        #expect(try await refusal(token + "." + parts[2]).contains("three parts"))
        #expect(try await refusal(token + "\n" + token).contains("one token"))
        #expect(try await refusal("").contains("one token"))
        #expect(try await refusal("é.\(parts[1]).\(parts[2])").contains("base64url"))
        #expect(try await refusal(String(repeating: "a", count: 1 << 20)).contains("longer than"))
        let doubled = TestIssuer.claims().dropLast() + ", \"repository\": \"example/web\"}"
        #expect(try await refusal(issuer.sign(String(doubled))).contains("payload"))
        #expect(try await refusal(issuer.sign("[1]")).contains("payload"))
    }

    @Test func `sets of keys that are none, or ambiguous, are refused`() throws {
        let short = try _RSA.Signing.PrivateKey(unsafeKeySize: .init(bitCount: 1024))
        let weak = TestIssuer.text(try short.publicKey.getKeyPrimitives().modulus)
        let good =
            #"{"kty": "RSA", "kid": "a", "n": "\#(TestIssuer.text([UInt8](repeating: 255, count: 256)))", "e": "AQAB"}"#
        let sets = [
            "", "[]", "{}", #"{"keys": []}"#, #"{"keys": [\#(good), \#(good)]}"#,
            #"{"keys": [{"kty": "RSA", "kid": "a", "n": "\#(weak)", "e": "AQAB"}]}"#,
            #"{"keys": [{"kty": "EC", "kid": "a", "crv": "P-384", "x": "AA", "y": "AA"}]}"#,
        ]
        for set in sets {
            #expect(throws: IdentityError.self, "\(set.prefix(60))") {
                _ = try IdentityKeys(parsing: Array(set.utf8))
            }
        }
        _ = try IdentityKeys(parsing: Array(#"{"keys": [\#(good)]}"#.utf8))
    }
}
