import Crypto
import Foundation
import Grants
import StrictJSON
import TestSupport
import Testing

/// An issuer of tokens for jobs, whose keys are served on loopback.
private final class JobIssuer {
    static let name = "https://ci.example.com"

    let folder: TemporaryDirectory
    let service: FileService
    private let key = P256.Signing.PrivateKey()

    init() throws {
        folder = try TemporaryDirectory()
        service = try FileService(folder.path)
        let point = key.publicKey.rawRepresentation
        let set = """
            {"keys": [{"kty": "EC", "kid": "k", "use": "sig", "alg": "ES256", "crv": "P-256",
            "x": "\(Self.text(point.prefix(32)))", "y": "\(Self.text(point.suffix(32)))"}]}
            """
        try set.write(toFile: folder.path + "/jwks", atomically: true, encoding: .utf8)
    }

    private static func text(_ bytes: some Sequence<UInt8>) -> String {
        Data(bytes).base64EncodedString().replacing("+", with: "-").replacing("/", with: "_")
            .replacing("=", with: "")
    }

    /// A token of a job, which ends in some seconds; written to a file.
    func token(
        audience: String,
        repository: String = "example/web",
        lasting seconds: Int = 300
    ) throws -> String {
        let now = Int(Date().timeIntervalSince1970)
        let claims = """
            {"iss": "\(Self.name)", "aud": "\(audience)", "iat": \(now), "exp": \(now + seconds),
            "repository": "\(repository)", "ref": "refs/heads/main"}
            """
        let text = Self.text(#"{"alg": "ES256", "kid": "k"}"#.utf8) + "." + Self.text(claims.utf8)
        let signature = try key.signature(for: Data(text.utf8)).rawRepresentation
        return text + "." + Self.text(signature)
    }
}

/// `jitgate-fleet check-ci`, as a program and at a real hub.
@Suite struct `A job of continuous integration` {
    private let issuer: JobIssuer

    init() throws { issuer = try JobIssuer() }

    private func words(_ more: [String] = []) -> [String] {
        [
            "--issuer", JobIssuer.name, "--audience", "hub", "--claim", "repository=example/*",
        ] + more
    }

    private func decision(
        _ words: [String],
        evidence: String?,
        address: String = "192.0.2.7",
        sha256: String = "aa"
    ) throws -> JSONValue {
        let now = Moment(microseconds: Int64(Date().timeIntervalSince1970 * 1e6))
        let question: JSONValue = [
            "jitgate": "check/1", "now": .string(now.description), "sha256": .string(sha256),
            "request": ["requestor": "ci-web", "sources": ["192.0.2.7"], "hosts": ["web-1"]],
            "evidence": .optional(evidence), "address": .string(address),
        ]
        let input = issuer.folder.path + "/question"
        try Data(question.encoded()).write(to: URL(filePath: input))
        let program = AgentHost.build + "jitgate-fleet"
        let result = try Command.run(
            ["sh", "-c", "exec \"$0\" check-ci \"$@\" < '\(input)'", program] + words
        )
        guard result.status == 0 else { throw CommandFailure("\(result.status) \(result.errors)") }
        return try JSONNode.parse(result.output).value
    }

    @Test func `is allowed by keys from a file and over HTTP, for a time and from its address`()
        throws
    {
        let token = try issuer.token(audience: "hub")
        for place in [issuer.folder.path + "/jwks", issuer.service.url + "/jwks"] {
            let answer = try decision(words(["--keys", place, "--for", "10m"]), evidence: token)
            #expect(answer["decision"] == "allow" && answer["until"] != nil, "\(answer)")
        }
        let file = ["--keys", issuer.folder.path + "/jwks"]
        let own = words(file + ["--own-address"])
        #expect(try decision(own, evidence: token)["decision"] == "allow")
        #expect(try decision(own, evidence: token, address: "192.0.2.8")["decision"] == "deny")
        #expect(try decision(words(file), evidence: nil)["decision"] == "deny")
        let left = words(file + ["--pass-without"])
        #expect(try decision(left, evidence: nil)["decision"] == "pass")
        let others = words(file + ["--requestor", "ci-other"])
        #expect(try decision(others, evidence: token)["decision"] == "deny")
        let expired = try issuer.token(audience: "hub", lasting: -120)
        #expect(try decision(words(file), evidence: expired)["decision"] == "deny")
        let gone = words(["--keys", issuer.service.url + "/nothing"])
        #expect(throws: CommandFailure.self) { try decision(gone, evidence: token) }
    }

    @Test func `is allowed once, where its token is bound to one request`() throws {
        let words = [
            "--keys", issuer.folder.path + "/jwks", "--issuer", JobIssuer.name, "--audience",
            "jitgate:{sha256}", "--claim", "repository=example/web",
        ]
        let token = try issuer.token(audience: "jitgate:aa")
        #expect(try decision(words, evidence: token)["decision"] == "allow")
        #expect(try decision(words, evidence: token, sha256: "bb")["decision"] == "deny")
    }

    @Test func `opens nothing without a right token, and is signed for with one`() throws {
        let journey = try HubJourney()
        let path = journey.host.path
        let check = """
            #!/bin/sh
            exec \(AgentHost.build)jitgate-fleet check-ci --keys \(issuer.service.url)/jwks \\
              --issuer \(JobIssuer.name) --audience hub --claim repository=example/web --for 3h

            """
        try journey.host.write(check, to: "checks.d/ci")
        _ = try Command.run(["chmod", "755", path + "/checks.d/ci"])
        func robot() throws -> Command.Result {
            try journey.run(
                as: "robot",
                ["robot", "--once", "--checks", path + "/checks.d", "--allowed-signers"]
                    + [path + "/allowed_signers"]
            )
        }
        try journey.host.write(try issuer.token(audience: "hub", repository: "evil/web"), to: "t1")
        let first = try journey.ask("--evidence", path + "/t1")
        let denied = try robot()
        #expect(denied.text.contains("denied"), "\(denied.errors)\(denied.text)")
        #expect(try journey.state(first) == "denied")
        try journey.host.write(try issuer.token(audience: "hub"), to: "t2")
        let second = try journey.ask("--evidence", path + "/t2")
        let signed = try robot()
        #expect(signed.text.contains("\(second)  signed"), "\(signed.errors)\(signed.text)")
        #expect(try journey.run(as: "ops", ["approve", "--yes", second]).status == 0)
        #expect(try journey.state(second) == "published")
        try journey.bring()
        try eventually { try journey.host.openings() == ["192.0.2.7 . tcp . 22"] }
    }
}
