import Grants
import Signatures
import TestSupport
import Testing

private let payload = Array("{\"jitgate\": \"grant/1\"}\n".utf8)
private let now = Moment(microseconds: 1_800_000_000_000_000)  // 2027-01-15T08:00:00Z

private func verifier(_ lines: String...) throws -> SignatureVerifier {
    let file = lines.map { $0 + "\n" }.joined()
    return SignatureVerifier(allowedSigners: try AllowedSigners(parsing: Array(file.utf8)))
}

private func code(_ verify: () throws -> SignedPayload) -> String {
    do {
        _ = try verify()
        return "accepted"
    } catch let error as SignatureError {
        return error.code.rawValue
    } catch {
        return "\(error)"
    }
}

@Suite struct `A signature by ssh-keygen` {
    @Test(
        arguments: [
            ("ed25519", nil), ("ecdsa", 256), ("ecdsa", 384), ("ecdsa", 521), ("rsa", 2048),
            ("rsa", 3072),
        ] as [(String, Int?)]
    )
    func `of every kind is accepted, and no other bytes are`(type: String, bits: Int?) throws {
        let key = try SSHKey(type: type, bits: bits)
        let verifier = try verifier("dana@example.com \(key.publicLine)")
        let signature = try key.sign(payload)
        let signed = try verifier.verify(payload + signature, at: now)
        #expect(signed.bytes == payload)
        #expect(signed.namespace == .grant)
        #expect(signed.approvals.map(\.principal) == ["dana@example.com"])
        let tampered = Array("{\"jitgate\": \"grant/2\"}\n".utf8) + signature
        #expect(code { try verifier.verify(tampered, at: now) } == "tampered")
    }

    @Test(arguments: ["sha256", "sha512"])
    func `may use either hash`(hash: String) throws {
        let key = try SSHKey()
        let verifier = try verifier("dana \(key.publicLine)")
        let signature = try key.sign(payload, options: ["-O", "hashalg=\(hash)"])
        #expect(code { try verifier.verify(payload + signature, at: now) } == "accepted")
    }

    @Test func `may come with others over the same bytes`() throws {
        let keys = [try SSHKey(), try SSHKey(type: "ecdsa"), try SSHKey(type: "rsa", bits: 2048)]
        let names = ["dana", "erin", "frank"]
        let lines = try zip(names, keys).map { "\($0) \(try $1.publicLine)\n" }.joined()
        let signers = try AllowedSigners(parsing: Array(lines.utf8))
        let file = try keys.reduce(payload) { try $0 + $1.sign(payload) }
        let signed = try SignatureVerifier(allowedSigners: signers).verify(file, at: now)
        #expect(signed.approvals.map(\.principal) == names)
    }

    @Test func `of a stranger is refused even beside a good one`() throws {
        let (key, stranger) = (try SSHKey(), try SSHKey())
        let verifier = try verifier("dana \(key.publicLine)")
        let alone = try payload + stranger.sign(payload)
        let beside = try payload + key.sign(payload) + stranger.sign(payload)
        #expect(code { try verifier.verify(alone, at: now) } == "stranger")
        #expect(code { try verifier.verify(beside, at: now) } == "stranger")
    }

    @Test func `is bound to its namespace`() throws {
        let key = try SSHKey()
        let verifier = try verifier("dana namespaces=\"jitgate-revocation\" \(key.publicLine)")
        let file = try payload + key.sign(payload, namespace: "file")
        let grant = try payload + key.sign(payload, namespace: "jitgate-grant")
        let revocation = try payload + key.sign(payload, namespace: "jitgate-revocation")
        #expect(code { try verifier.verify(file, at: now) } == "wrong-namespace")
        #expect(code { try verifier.verify(grant, at: now) } == "not-allowed")
        #expect(code { try verifier.verify(revocation, at: now) } == "accepted")
    }

    @Test func `is valid within the bounds of its line, both included`() throws {
        let key = try SSHKey()
        let options = "valid-after=\"20270115080000Z\",valid-before=\"20270115080001Z\""
        let verifier = try verifier("dana \(options) \(key.publicLine)")
        let file = try payload + key.sign(payload)
        let early = Moment(microseconds: now.microseconds - 1)
        #expect(code { try verifier.verify(file, at: early) } == "not-allowed")
        #expect(code { try verifier.verify(file, at: now) } == "accepted")
        #expect(code { try verifier.verify(file, at: now + .seconds(1)) } == "accepted")
        #expect(code { try verifier.verify(file, at: now + .seconds(2)) } == "not-allowed")
    }

    @Test func `does not survive a change of any byte`() throws {
        let key = try SSHKey()
        let verifier = try verifier("dana \(key.publicLine)")
        let file = try payload + key.sign(payload)
        for index in file.indices {
            for bit in [UInt8(1), 0x20, 0x80] {
                var mutant = file
                mutant[index] ^= bit
                #expect(
                    code { try verifier.verify(mutant, at: now) } != "accepted",
                    "byte \(index)"
                )
            }
        }
    }

    @Test func `does not survive the loss of any byte at the end`() throws {
        let key = try SSHKey()
        let verifier = try verifier("dana \(key.publicLine)")
        let file = try payload + key.sign(payload)
        for count in file.indices {
            #expect(code { try verifier.verify(Array(file[..<count]), at: now) } != "accepted")
        }
        #expect(code { try verifier.verify(file + [0x0A], at: now) } == "malformed-signature")
        #expect(code { try verifier.verify(payload, at: now) } == "unsigned")
        #expect(code { try verifier.verify([], at: now) } == "empty")
    }
}
