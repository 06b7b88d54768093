import Crypto
import Foundation
import Grants
import Signatures
import TestSupport
import Testing

@Suite struct `A refusal` {
    @Test func `names a stranger's key, even beside a good signature`() throws {
        let (key, stranger) = (try SSHKey(), try SSHKey())
        let verifier = try verifier("dana \(key.publicLine)")
        let fingerprint = try Command.run(["ssh-keygen", "-l", "-f", stranger.privateFile]).text
            .split(separator: " ")[1]
        let alone = refusal(of: try payload + stranger.sign(payload), by: verifier)
        #expect(
            alone?.description
                == "signature 1 by \(fingerprint): the key is not in allowed_signers"
        )
        let beside = try payload + key.sign(payload) + stranger.sign(payload)
        #expect(
            refusal(of: beside, by: verifier)?.description
                == "signature 2 by \(fingerprint): the key is not in allowed_signers"
        )
        #expect(refusal(of: beside, by: verifier)?.code == .stranger)
    }

    @Test func `names the namespace and the right one`() throws {
        let key = try SSHKey()
        let verifier = try verifier("dana \(key.publicLine)")
        let file = try key.sign(payload, namespace: "file")
        let grant = try key.sign(payload)
        let revocation = try key.sign(payload, namespace: "jitgate-revocation")
        let foreign = refusal(of: payload + file, by: verifier)
        #expect(foreign?.code == .wrongNamespace)
        #expect(
            foreign?.description.hasSuffix(
                "it is for \"file\"; sign with -n jitgate-grant or -n jitgate-revocation"
            ) == true
        )
        let mixed = refusal(of: payload + grant + revocation, by: verifier)
        #expect(mixed?.code == .wrongNamespace)
        #expect(mixed?.description.hasPrefix("signature 2 by SHA256:") == true)
        #expect(
            mixed?.description.hasSuffix(
                "it is for \"jitgate-revocation\", unlike the first; sign with -n jitgate-grant"
            ) == true
        )
    }

    @Test(arguments: [
        ("jitgate-revocation", "not-allowed"), ("jitgate-*,!jitgate-revocation", "accepted"),
    ])
    func `tells a signer without the namespace`(namespaces: String, expected: String) throws {
        let key = try SSHKey()
        let verifier = try verifier("dana namespaces=\"\(namespaces)\" \(key.publicLine)")
        let file = try payload + key.sign(payload)
        #expect(verdict(on: file, by: verifier) == expected)
        guard expected != "accepted" else { return }
        let text = try #require(refusal(of: file, by: verifier)?.description)
        #expect(text.contains("\"dana\" may not sign for jitgate-grant"))
    }

    @Test func `tells from when and until when a key is valid`() throws {
        let key = try SSHKey()
        let options = "valid-after=\"20270115080000Z\",valid-before=\"20270115080001Z\""
        let verifier = try verifier("dana \(options) \(key.publicLine)")
        let file = try payload + key.sign(payload)
        let early = Moment(microseconds: now.microseconds - 1)
        #expect(verdict(on: file, by: verifier, at: early) == "not-yet-valid")
        #expect(verdict(on: file, by: verifier, at: now) == "accepted")
        #expect(verdict(on: file, by: verifier, at: now + .seconds(1)) == "accepted")
        #expect(verdict(on: file, by: verifier, at: now + .seconds(2)) == "no-longer-valid")
        let late = refusal(of: file, by: verifier, at: now + .seconds(2))
        #expect(
            late?.description.hasSuffix(
                "the key of \"dana\" was valid until 2027-01-15T08:00:01Z,"
                    + " and now it is 2027-01-15T08:00:02Z"
            ) == true
        )
    }

    @Test func `looks past a line that does not hold to one that does`() throws {
        let key = try SSHKey()
        let verifier = try verifier(
            "old valid-before=\"20260101Z\" \(key.publicLine)",
            "other namespaces=\"file\" \(key.publicLine)",
            "new valid-after=\"20270101Z\" \(key.publicLine)"
        )
        let signed = try verifier.verify(try payload + key.sign(payload), at: now)
        #expect(signed.approvals.map(\.principal) == ["new"])
    }

    @Test func `tells a short RSA key that nobody could list`() throws {
        let short =
            wire("ssh-rsa") + wireNumber([1, 0, 1])
            + wireNumber([UInt8](repeating: 0xC5, count: 128))
        let error = refusal(of: payload + forged(by: short), by: try verifier())
        #expect(error?.code == .weak)
        #expect(error?.description.contains("2048 to 16384 bits, not 1024") == true)
        let long =
            wire("ssh-rsa") + wireNumber([1, 0, 1])
            + wireNumber([UInt8](repeating: 0xC5, count: 2049))
        #expect(verdict(on: payload + forged(by: long), by: try verifier()) == "weak-key")
    }

    @Test(
        arguments: [
            ("ssh-dss", "unsupported-key"), ("ssh-ed448", "unsupported-key"),
            ("ssh-ed25519-cert-v01@openssh.com", "certificate"), ("", "unsupported-key"),
            ("ssh-ed25519", "malformed-signature"), ("ecdsa-sha2-nistp256", "malformed-signature"),
        ]
    )
    func `tells a key of no use`(type: String, expected: String) throws {
        let key = wire(type) + wire([1, 2, 3])
        #expect(verdict(on: payload + forged(by: key), by: try verifier()) == expected)
    }

    /// The library that verifies is not asked about the numbers.
    @Test func `of a key that nobody listed looks at lengths alone`() throws {
        let points: [(String, String, Int)] = [
            ("ecdsa-sha2-nistp256", "nistp256", 65), ("ecdsa-sha2-nistp384", "nistp384", 97),
            ("ecdsa-sha2-nistp521", "nistp521", 133),
        ]
        for (type, curve, length) in points {
            let nowhere = [4] + [UInt8](repeating: 0xFF, count: length - 1)
            let key = wire(type) + wire(curve) + wire(nowhere)
            #expect(verdict(on: payload + forged(by: key), by: try verifier()) == "stranger")
            let short = wire(type) + wire(curve) + wire(nowhere.dropLast())
            #expect(
                verdict(on: payload + forged(by: short), by: try verifier())
                    == "malformed-signature"
            )
        }
    }

    @Test func `of a certificate says what to do instead`() throws {
        let (authority, key) = (try SSHKey(), try SSHKey())
        let publicFile = key.privateFile + ".pub"
        let made = try Command.run([
            "ssh-keygen", "-q", "-s", authority.privateFile, "-I", "id", "-n", "dana", publicFile,
        ])
        #expect(made.status == 0)
        let agent = try SSHAgent()
        try agent.add(key.privateFile)
        let signature = try Command.run(
            [
                "ssh-keygen", "-Y", "sign", "-q", "-n", "jitgate-grant",
                "-f", key.privateFile + "-cert.pub",
            ],
            input: payload,
            environment: agent.environment
        ).output
        let error = refusal(of: payload + signature, by: try verifier("dana \(key.publicLine)"))
        #expect(error?.code == .certificate)
        #expect(error?.description.contains("sign with the plain key") == true)
    }

    private func forged(by key: [UInt8]) -> [UInt8] {
        SSHSIG.armor(SSHSIG.blob(key: key, signature: wire("ssh-ed25519") + wire("forged")))
    }
}

@Suite struct `The bytes of a signature` {
    private let key = Curve25519.Signing.PrivateKey()
    private var keyBlob: [UInt8] { wire("ssh-ed25519") + wire(key.publicKey.rawRepresentation) }

    private func verifier() throws -> SignatureVerifier {
        try SignaturesTests.verifier(
            "dana ssh-ed25519 \(Data(keyBlob).base64EncodedString())"
        )
    }

    private func signature(namespace: String = "jitgate-grant") throws -> [UInt8] {
        let bytes = SSHSIG.signedBytes(payload, namespace: namespace)
        return wire("ssh-ed25519") + wire(try key.signature(for: bytes))
    }

    @Test func `are accepted as this test makes them`() throws {
        let blob = SSHSIG.blob(key: keyBlob, signature: try signature())
        #expect(verdict(on: payload + SSHSIG.armor(blob), by: try verifier()) == "accepted")
    }

    @Test func `are of version 1, with no reserved data and a known hash`() throws {
        let made = try signature()
        let rows = [
            (SSHSIG.blob(version: 2, key: keyBlob, signature: made), "malformed-signature"),
            (SSHSIG.blob(version: 0, key: keyBlob, signature: made), "malformed-signature"),
            (SSHSIG.blob(key: keyBlob, reserved: "x", signature: made), "malformed-signature"),
            (SSHSIG.blob(key: keyBlob, hash: "sha1", signature: made), "unsupported-key"),
            (SSHSIG.blob(key: keyBlob, hash: "SHA512", signature: made), "unsupported-key"),
            (SSHSIG.blob(key: keyBlob, signature: made) + [0], "malformed-signature"),
            (SSHSIG.blob(key: keyBlob, signature: made + [0]), "malformed-signature"),
            (SSHSIG.blob(key: keyBlob + [0], signature: made), "malformed-signature"),
            (SSHSIG.blob(key: keyBlob, signature: []), "malformed-signature"),
        ]
        for (blob, expected) in rows {
            let found = verdict(on: payload + SSHSIG.armor(blob), by: try verifier())
            #expect(found == expected, "\(blob.count) bytes")
        }
    }

    @Test func `are signed with their hash and namespace`() throws {
        let hash = SSHSIG.blob(key: keyBlob, hash: "sha256", signature: try signature())
        #expect(verdict(on: payload + SSHSIG.armor(hash), by: try verifier()) == "tampered")
        let space = SSHSIG.blob(key: keyBlob, signature: try signature(namespace: "file"))
        #expect(verdict(on: payload + SSHSIG.armor(space), by: try verifier()) == "tampered")
    }

    @Test func `name their namespace in no more than 64 characters`() throws {
        let long = String(repeating: "n", count: 2_000)
        let blob = SSHSIG.blob(
            key: keyBlob,
            namespace: long,
            signature: try signature(namespace: long)
        )
        let error = refusal(of: payload + SSHSIG.armor(blob), by: try verifier())
        #expect(error?.code == .wrongNamespace)
        #expect((error?.description.count ?? .max) < 250)
    }
}
