import Signatures
import Testing

@Suite struct `A signature by a FIDO token` {
    @Test(arguments: SoftwareToken.Kind.allCases)
    func `counts if the token was touched`(kind: SoftwareToken.Kind) throws {
        let token = SoftwareToken(kind)
        let line = "\(PublicTool.identity) \(token.publicLine)"
        let verifier = try verifier(line)
        for flags in [SoftwareToken.touched, 5] {
            let signature = try token.sign(payload, flags: flags)
            let signed = try verifier.verify(payload + signature, at: now)
            #expect(signed.approvals.map(\.keyType) == [kind.rawValue])
            #expect(signed.approvals.map(\.kind) == [.sk])
            #expect(try PublicTool.accepts(signature, over: payload, allowedSigners: line))
        }
    }

    @Test(arguments: SoftwareToken.Kind.allCases)
    func `has an application of at most 255 bytes`(kind: SoftwareToken.Kind) throws {
        for (count, expected) in [(255, "accepted"), (256, "too-large")] {
            let application = "ssh:" + String(repeating: "a", count: count - 4)
            let token = SoftwareToken(kind, application: application)
            let signature = try token.sign(payload)
            let listed = try? verifier("dana \(token.publicLine)")
            #expect((listed != nil) == (expected == "accepted"))
            guard let listed else {
                // The form of a key is checked before it is looked for.
                let other = try verifier("dana \(SoftwareToken(kind).publicLine)")
                #expect(verdict(on: payload + signature, by: other) == expected)
                continue
            }
            #expect(verdict(on: payload + signature, by: listed) == expected)
        }
    }

    /// ssh-keygen accepts it, so we cannot leave it to ssh-keygen.
    @Test(arguments: SoftwareToken.Kind.allCases)
    func `is refused without a touch`(kind: SoftwareToken.Kind) throws {
        let token = SoftwareToken(kind)
        let line = "\(PublicTool.identity) \(token.publicLine)"
        let verifier = try verifier(line)
        for flags: UInt8 in [0, 4] {
            let signature = try token.sign(payload, flags: flags)
            #expect(verdict(on: payload + signature, by: verifier) == "untouched")
            #expect(try PublicTool.accepts(signature, over: payload, allowedSigners: line))
        }
    }

    /// The flags are signed: setting the bit afterwards breaks the signature.
    @Test(arguments: SoftwareToken.Kind.allCases)
    func `cannot be touched afterwards`(kind: SoftwareToken.Kind) throws {
        let token = SoftwareToken(kind)
        let verifier = try verifier("dana \(token.publicLine)")
        var blob = SSHSIG.content(of: try token.sign(payload, flags: 0))
        blob[blob.count - 5] |= SoftwareToken.touched
        #expect(verdict(on: payload + SSHSIG.armor(blob), by: verifier) == "tampered")
    }

    @Test(arguments: SoftwareToken.Kind.allCases)
    func `is over one payload`(kind: SoftwareToken.Kind) throws {
        let token = SoftwareToken(kind)
        let verifier = try verifier("dana \(token.publicLine)")
        let other = Array("{}\n".utf8)
        #expect(verdict(on: try other + token.sign(payload), by: verifier) == "tampered")
    }

    @Test(arguments: SoftwareToken.Kind.allCases)
    func `is refused when its flags and counter are missing`(kind: SoftwareToken.Kind) throws {
        let token = SoftwareToken(kind)
        let verifier = try verifier("dana \(token.publicLine)")
        let inner = wire(kind.rawValue) + wire([UInt8](repeating: 1, count: 64))
        for tail in [[], [1], [1, 0, 0, 0], [1, 0, 0, 0, 0, 0]] as [[UInt8]] {
            let blob = SSHSIG.blob(key: token.keyBlob, signature: inner + tail)
            #expect(
                verdict(on: payload + SSHSIG.armor(blob), by: verifier) == "malformed-signature"
            )
        }
    }

    @Test func `of WebAuthn is refused`() throws {
        let token = SoftwareToken(.ecdsa)
        let verifier = try verifier("dana \(token.publicLine)")
        let type = "webauthn-sk-ecdsa-sha2-nistp256@openssh.com"
        let blob = SSHSIG.blob(
            key: token.keyBlob,
            signature: wire(type) + wire("anything") + [1, 0, 0, 0, 0]
        )
        let error = refusal(of: payload + SSHSIG.armor(blob), by: verifier)
        #expect(error?.code == .malformed)
        #expect(error?.description.contains(type) == true)
    }
}
