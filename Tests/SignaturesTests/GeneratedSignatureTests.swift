import Crypto
import Foundation
import Grants
import Signatures
import TestSupport
import Testing

/// A signature by a passkey or a certified key, each part of which is drawn at random from what browsers,
/// authorities and those who forge them write; the key has signed all of it.
private struct Draw {
    private static let subject = Curve25519.Signing.PrivateKey()
    private static let authority = Curve25519.Signing.PrivateKey()
    private static let stranger = Curve25519.Signing.PrivateKey()
    private static let passkey = SoftwarePasskey("localhost")
    private static let second: UInt64 = 1_800_000_000

    private var random: SeededGenerator
    private(set) var lines: [String] = []
    private(set) var armor: [UInt8] = []

    init(_ random: SeededGenerator) {
        self.random = random
        let isCertified = chance(2, of: 3)
        let isPasskey = chance(1, of: 2)
        let blob = isCertified ? certificate(ofPasskey: isPasskey) : Self.blob(ofPasskey: isPasskey)
        lines = (0..<Int.random(in: 1...3, using: &self.random)).map { _ in
            line(isCertified, ofPasskey: isPasskey)
        }
        armor = isPasskey ? passkeySignature(blob) : plainSignature(blob)
        guard chance(1, of: 8) else { return }
        let mutant = Mutation.random(of: SSHSIG.content(of: armor), using: &self.random)
        armor = SSHSIG.armor(mutant)
    }

    private mutating func chance(_ count: Int, of all: Int) -> Bool {
        Int.random(in: 0..<all, using: &random) < count
    }

    /// One of several, the first one more often.
    private mutating func pick<Value>(_ values: Value...) -> Value {
        chance(4, of: 5) ? values[0] : values[Int.random(in: 0..<values.count, using: &random)]
    }

    private static func blob(ofPasskey isPasskey: Bool) -> [UInt8] {
        isPasskey
            ? passkey.blob : wire("ssh-ed25519") + wire(subject.publicKey.rawRepresentation)
    }

    // MARK: allowed_signers

    private mutating func line(_ isCertified: Bool, ofPasskey isPasskey: Bool) -> String {
        let names = pick(
            "dana",
            "*",
            "d*",
            "dan?",
            "erin",
            "Dana",
            "*,!dana",
            "dana,erin",
            "!erin,*",
            "\"dana\""
        )
        let window = pick(
            "",
            #"valid-after="20270115080000Z""#,
            #"valid-after="20270115080001Z""#,
            #"valid-before="20270115080000Z""#,
            #"valid-before="20270115075959Z""#
        )
        let space = pick(
            #"namespaces="jitgate-grant""#,
            "",
            #"namespaces="file""#,
            #"namespaces="jitgate-*""#,
            #"namespaces="*,!jitgate-grant""#
        )
        let isAuthority = isCertified ? chance(7, of: 8) : chance(1, of: 8)
        let options = [isAuthority ? "cert-authority" : "", space, window].filter { !$0.isEmpty }
        let own = Self.blob(ofPasskey: isPasskey)
        let key =
            chance(1, of: 8)
            ? own : isCertified ? Self.authorityBlob(Self.authority) : own
        let type = String(decoding: key[4..<(4 + Int(key[3]))], as: UTF8.self)
        return [names, options.joined(separator: ","), type, Data(key).base64EncodedString()]
            .filter { !$0.isEmpty }.joined(separator: " ")
    }

    private static func authorityBlob(_ key: Curve25519.Signing.PrivateKey) -> [UInt8] {
        wire("ssh-ed25519") + wire(key.publicKey.rawRepresentation)
    }

    // MARK: certificates

    private mutating func certificate(ofPasskey isPasskey: Bool) -> [UInt8] {
        let type = isPasskey ? "sk-ecdsa-sha2-nistp256" : "ssh-ed25519"
        let fields =
            isPasskey
            ? Self.passkey.fields : wire(Self.subject.publicKey.rawRepresentation)
        let principals = pick(
            ["dana"],
            ["dana", "erin"],
            ["erin", "dana"],
            [],
            [""],
            ["*"],
            ["Dana"],
            ["dana\0"],
            ["dana", "*"],
            ["dan"],
            ["dana,erin"],
            ["dana "]
        )
        let after = pick(0, Self.second - 1, Self.second, Self.second + 1)
        let before = pick(UInt64.max, Self.second, Self.second + 1, Self.second - 1, 0)
        let option = wire("force-command") + wire(wire("ls"))
        let critical = pick([], option, wire("verify-required") + wire(""), [0], wire("x@y"))
        let extensions = pick(wire("permit-pty") + wire(""), [], option, [7])
        let kind: UInt32 = pick(1, 2, 0, 3)
        let issuer = chance(7, of: 8) ? Self.authority : Self.stranger
        let named = chance(15, of: 16) ? Self.authority : issuer
        var body = wire(pick(type, "ssh-rsa") + "-cert-v01@openssh.com")
        body += wire([UInt8](repeating: 7, count: 32)) + fields
        body += number(pick(UInt64(1), 0, .max)) + number(kind)
        body += wire(pick("dana-1", "", "a\nb")) + wire(principals.flatMap { wire($0) })
        body += number(after) + number(before) + wire(critical) + wire(extensions)
        body += wire(pick("", "reserved")) + wire(Self.authorityBlob(named))
        let signature = (try? issuer.signature(for: body)).map(Array.init) ?? []
        return body + wire(wire("ssh-ed25519") + wire(signature))
    }

    private func number(_ value: some FixedWidthInteger & UnsignedInteger) -> [UInt8] {
        (0..<value.bitWidth / 8).reversed().map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) }
    }

    // MARK: signatures

    private mutating func plainSignature(_ blob: [UInt8]) -> [UInt8] {
        let namespace = pick("jitgate-grant", "file", "jitgate-grant\0")
        let signed = SSHSIG.signedBytes(payload, namespace: namespace)
        let signature = (try? Self.subject.signature(for: signed)).map(Array.init) ?? []
        let inner = wire(pick("ssh-ed25519", "rsa-sha2-512")) + wire(signature)
        return SSHSIG.armor(
            SSHSIG.blob(key: blob, namespace: namespace, reserved: pick("", "x"), signature: inner)
        )
    }

    private mutating func passkeySignature(_ blob: [UInt8]) -> [UInt8] {
        let flags: UInt8 = pick(5, 0x0D, 0x1D, 0x15, 1, 4, 0, 0x45, 0x85, 7, 0x25)
        let parts = [
            "", ",", "}", "}", ",\"crossOrigin\":false", ",\"crossOrigin\":true", ",\"a\":[1,{}]",
            ",\"topOrigin\":\"x\"", ",\"origin\":\"x\"", " ", ",\"a\":\"\\u0041\"", "\0", "{", "\"",
        ]
        let soup = (0..<Int.random(in: 0...4, using: &random)).map { _ in
            parts[Int.random(in: 0..<parts.count, using: &random)]
        }
        let tail = pick(
            ",\"crossOrigin\":false}",
            "}",
            soup.joined() + "}",
            soup.joined(),
            ",\"crossOrigin\":false,\"x\":\"y\"}"
        )
        let origin = pick(
            "http://localhost:8931",
            "https://evil.example",
            "",
            "http:\\/\\/localhost:8931",
            "a\"b",
            "http://localhost:8931/"
        )
        return Array(
            Self.passkey.sign(
                payload,
                in: pick("jitgate-grant", "file"),
                at: origin,
                flags: flags,
                tail: tail,
                extensions: flags & 0x80 == 0 ? pick([], [0xA0]) : [0xA0],
                naming: blob
            ).utf8
        )
    }
}

@Suite struct `A signature that is drawn at random` {
    /// ssh-keygen is asked for each one that is accepted, as whoever the signer is said to be.
    @Test(arguments: 0..<UInt64(8))
    func `is accepted only if ssh-keygen accepts it`(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        var accepted = 0
        for _ in 0..<400 {
            let draw = Draw(SeededGenerator(seed: random.next()))
            let file = draw.lines.map { $0 + "\n" }.joined()
            guard let signers = try? AllowedSigners(parsing: Array(file.utf8)),
                let signed = try? SignatureVerifier(allowedSigners: signers)
                    .verify(payload + draw.armor, at: now)
            else { continue }
            accepted += 1
            let isAccepted = try PublicTool.accepts(
                draw.armor,
                over: payload,
                allowedSigners: file,
                identity: signed.approvals.first?.principal ?? ""
            )
            #expect(isAccepted, "\(file) \(String(decoding: draw.armor, as: UTF8.self))")
        }
        #expect((10...300).contains(accepted), "\(accepted)")
    }
}
