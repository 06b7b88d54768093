import Crypto
import Foundation
import Grants
import Signatures
import TestSupport
import Testing

@Suite struct `A signature by ssh-keygen` {
    @Test(
        arguments: [
            ("ed25519", nil), ("ecdsa", 256), ("ecdsa", 384), ("ecdsa", 521), ("rsa", 2048),
            ("rsa", 3072), ("rsa", 4096),
        ] as [(String, Int?)]
    )
    func `of every kind is accepted, and no other bytes are`(type: String, bits: Int?) throws {
        let key = try SSHKey(type: type, bits: bits)
        let line = try "\(PublicTool.identity) \(key.publicLine)"
        let verifier = try verifier(line)
        let signature = try key.sign(payload)
        let signed = try verifier.verify(payload + signature, at: now)
        #expect(signed.bytes == payload)
        #expect(signed.namespaces.contains(.grant))
        #expect(signed.approvals.map(\.principal) == [PublicTool.identity])
        #expect(signed.approvals.map(\.kind) == [.key])
        let other = Array("{\"jitgate\": \"grant/2\"}\n".utf8)
        #expect(verdict(on: other + signature, by: verifier) == "tampered")
        #expect(try PublicTool.accepts(signature, over: payload, allowedSigners: line))
        #expect(try !PublicTool.accepts(signature, over: other, allowedSigners: line))
    }

    @Test(arguments: ["sha256", "sha512"])
    func `may use either hash`(hash: String) throws {
        let key = try SSHKey()
        let verifier = try verifier("dana \(key.publicLine)")
        let signature = try key.sign(payload, options: ["-O", "hashalg=\(hash)"])
        #expect(verdict(on: payload + signature, by: verifier) == "accepted")
    }

    @Test func `may be made by an agent that alone has the key`() throws {
        let key = try SSHKey()
        let verifier = try verifier("dana \(key.publicLine)")
        let agent = try SSHAgent()
        try agent.add(key.privateFile)
        try FileManager.default.removeItem(atPath: key.privateFile)
        #expect(throws: CommandFailure.self) { try key.sign(payload) }
        let signature = try key.sign(payload, environment: agent.environment)
        #expect(verdict(on: payload + signature, by: verifier) == "accepted")
    }

    @Test func `may come with others over the same bytes`() throws {
        let keys = [try SSHKey(), try SSHKey(type: "ecdsa"), try SSHKey(type: "rsa", bits: 2048)]
        let names = ["dana", "erin", "frank"]
        let lines = try zip(names, keys).map { "\($0) \(try $1.publicLine)\n" }.joined()
        let signers = try AllowedSigners(parsing: Array(lines.utf8))
        let file = try keys.reduce(payload) { try $0 + $1.sign(payload) }
        let signed = try SignatureVerifier(allowedSigners: signers).verify(file, at: now)
        #expect(signed.approvals.map(\.principal) == names)
        #expect(
            signed.approvals.map(\.keyType) == ["ssh-ed25519", "ecdsa-sha2-nistp256", "ssh-rsa"]
        )
    }

    @Test func `of the file with signatures, not of the payload, is refused`() throws {
        let (first, second) = (try SSHKey(), try SSHKey())
        let verifier = try verifier("dana \(first.publicLine)", "erin \(second.publicLine)")
        let signed = try payload + first.sign(payload)
        let error = refusal(of: try signed + second.sign(signed), by: verifier)
        #expect(error?.code == .tampered)
        #expect(error?.description.hasPrefix("signature 2 by SHA256:") == true)
    }

    @Test func `is named as ssh-keygen and sha256sum name it`() throws {
        let key = try SSHKey(type: "ecdsa")
        let line = "\"dana@example.com,ops *\" namespaces=\"jitgate-*\" \(try key.publicLine)"
        let file = try payload + key.sign(payload)
        let signed = try verifier("# who may grant", line).verify(file, at: now)
        let approval = try #require(signed.approvals.first)
        let listing = try Command.run(["ssh-keygen", "-l", "-f", key.privateFile + ".pub"]).text
        #expect(
            listing.split(separator: " ").dropFirst().first.map(String.init) == approval.fingerprint
        )
        #expect(approval.lines == [line])
        #expect(approval.principal == "dana@example.com")
        #expect(approval.principals.matches("ops night"))
        #expect(!approval.principals.matches("erin"))
        let sum = try Command.run(["sha256sum"], input: file).text
        #expect(sum.hasPrefix(signed.sha256 + " "))
    }

    @Test func `is for a grant or for a revocation`() throws {
        let key = try SSHKey()
        let verifier = try verifier("dana \(key.publicLine)")
        let file = try payload + key.sign(payload, namespace: "jitgate-revocation")
        #expect(try verifier.verify(file, at: now).namespaces == [.revocation])
    }

    @Test func `may be the requestor's beside those that approve, if their line names that`() throws
    {
        let (dana, lead) = (try SSHKey(), try SSHKey())
        let line = "dana namespaces=\"jitgate-grant,jitgate-request\" \(try dana.publicLine)"
        let lines = [line, "lead \(try lead.publicLine)"]
        let verifier = try SignaturesTests.verifier(lines[0], lines[1])
        let request = try dana.sign(payload, namespace: "jitgate-request")
        for file in try [
            payload + request + lead.sign(payload), payload + lead.sign(payload) + request,
        ] {
            let signed = try verifier.verify(file, at: now)
            #expect(signed.namespaces.contains(.grant))
            #expect(signed.approvals.map(\.principal) == ["lead"])
            #expect(signed.requests.map(\.principal) == ["dana"])
            #expect(verdict(on: file, by: verifier) == "accepted")
            let earlier = #expect(throws: SignatureError.self) {
                try verifier.verify(file, at: now, under: .first)
            }
            #expect(earlier?.code == .wrongNamespace)
        }
        let alone = try verifier.verify(payload + request, at: now)
        #expect(alone.namespaces == [.request] && alone.approvals.isEmpty)
        let revocation = try lead.sign(payload, namespace: "jitgate-revocation")
        #expect(verdict(on: payload + request + revocation, by: verifier) == "wrong-namespace")
        let unnamed = try payload + lead.sign(payload, namespace: "jitgate-request")
        let error = refusal(of: unnamed, by: verifier)
        #expect(error?.code == .notAllowed)
        #expect(error?.description.hasSuffix("has to name that in `namespaces=`") == true)
    }

    @Test func `rests on every line of its key, whose names are all the signer's`() throws {
        let key = try SSHKey()
        let line = try key.publicLine
        let lines = [
            "dana \(line)", "old valid-before=\"20200101Z\" \(line)",
            "git namespaces=\"file\" \(line)",
        ]
        let verifier = try SignaturesTests.verifier(lines[0], lines[1], lines[2])
        let signed = try verifier.verify(payload + key.sign(payload), at: now)
        #expect(signed.signerLines == lines)
        let signature = try #require(signed.approvals.first)
        #expect(signature.principal == "dana")
        for name in ["dana", "OLD", "git"] { #expect(signature.signer.isNamed(name)) }
        #expect(!signature.signer.isNamed("lead"))
    }
}

@Suite struct `A signature by RSA with SHA-256` {
    /// ssh-keygen makes rsa-sha2-512 only, an agent may make this one; so it is made by hand.
    @Test func `is accepted, and one with SHA-1 is not`() throws {
        let key = try RSAKey(bits: 2048)
        let verifier = try verifier("\(PublicTool.identity) \(key.publicLine)")
        for (type, verdict) in [("rsa-sha2-256", "accepted"), ("ssh-rsa", "weak-key")] {
            let signature = try key.sign(payload, type: type)
            #expect(SignaturesTests.verdict(on: payload + signature, by: verifier) == verdict)
            #expect(
                try PublicTool.accepts(
                    signature,
                    over: payload,
                    allowedSigners: "\(PublicTool.identity) \(key.publicLine)\n"
                ) == (verdict == "accepted")
            )
        }
    }
}
