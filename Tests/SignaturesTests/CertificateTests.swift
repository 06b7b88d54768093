import Foundation
import Grants
import Signatures
import TestSupport
import Testing

@Suite struct `A signature by a key that ssh-keygen certified` {
    @Test(
        arguments: [
            ("ed25519", nil), ("ecdsa", 256), ("ecdsa", 384), ("ecdsa", 521), ("rsa", 2048),
        ] as [(String, Int?)]
    )
    func `is accepted for keys and authorities of every type`(type: String, bits: Int?) throws {
        let made = try CertifiedSSHKey(
            authority: SSHKey(type: type, bits: bits),
            key: SSHKey(type: type, bits: bits)
        )
        let line = try made.line("dana")
        let signature = try made.sign(payload)
        let approval = try #require(
            try verifier(line).verify(payload + signature, at: now).approvals.first
        )
        #expect(approval.principal == "dana")
        #expect(approval.kind == .certificate)
        #expect(approval.keyType.hasSuffix("-cert-v01@openssh.com"))
        #expect(approval.lines == [line])
        #expect(
            try PublicTool.accepts(
                signature,
                over: payload,
                allowedSigners: line,
                identity: "dana"
            )
        )
    }

    @Test func `is named by key, key id, serial and authority`() throws {
        let made = try CertifiedSSHKey(options: [
            "-I", "dana's laptop", "-n", "erin,dana", "-z", "4711",
        ])
        let verifier = try verifier(made.line("dana,frank"), made.line("erin", "cert-authority"))
        let signed = try verifier.verify(payload + made.sign(payload), at: now)
        let approval = try #require(signed.approvals.first)
        let fingerprint = { (file: String) throws in
            try Command.run(["ssh-keygen", "-l", "-f", file]).text.split(separator: " ")[1]
        }
        #expect(try approval.fingerprint == fingerprint(made.key.privateFile))
        let certificate = try #require(approval.certificate)
        #expect(try certificate.authority == fingerprint(made.authority.privateFile))
        #expect(certificate.serial == 4711 && certificate.keyID == "dana's laptop")
        #expect(signed.signerLines.count == 2)
        #expect(approval.principal == "dana")
        // The line that counts may certify dana alone.
        #expect(approval.signer.isNamed("Dana"))
        #expect(!approval.signer.isNamed("erin") && !approval.signer.isNamed("frank"))
    }

    @Test func `is by the same person as others with its names, key id or key`() throws {
        let (authority, key) = (try SSHKey(), try SSHKey())
        let sign = { (key: SSHKey, id: String, names: String) throws in
            try CertifiedSSHKey(authority: authority, key: key, options: ["-I", id, "-n", names])
                .sign(payload)
        }
        let erin = try SSHKey()
        let verifier = try verifier(
            "*.certified cert-authority \(authority.publicLine)",
            "erin \(erin.publicLine)",
            "old \(key.publicLine)"
        )
        let file = try [
            sign(key, "1", "a.certified"), sign(SSHKey(), "1", "b.certified"),
            sign(SSHKey(), "2", "c.certified,ERIN"), erin.sign(payload),
            key.sign(payload), sign(SSHKey(), "3", "d.certified,old"),
            sign(SSHKey(), "4", "e.certified"),
        ].reduce(payload, +)
        let signers = try verifier.verify(file, at: now).approvals.map(\.signer)
        var same: Set<[Int]> = []
        for one in signers.indices {
            for other in signers.indices where one < other {
                #expect(
                    signers[one].isSamePerson(as: signers[other])
                        == signers[other].isSamePerson(as: signers[one])
                )
                if signers[one].isSamePerson(as: signers[other]) { same.insert([one, other]) }
            }
        }
        // By key id; by the name of a plain key; by the key itself; by the name of its own line.
        #expect(same == [[0, 1], [2, 3], [0, 4], [0, 5], [4, 5]])
    }

    @Test(
        arguments: [
            ("20270115075900Z:20270115080000Z", "no-longer-valid"),
            ("20270115080000Z:20270115080001Z", "accepted"),
            ("20270115080001Z:20270115090000Z", "not-yet-valid"),
        ]
    )
    func `is valid from the first second of its time until before the last`(
        window: String,
        expected: String
    ) throws {
        let made = try CertifiedSSHKey(options: ["-I", "id", "-n", "dana", "-V", window])
        let signature = try made.sign(payload)
        let line = try made.line("dana")
        #expect(verdict(on: payload + signature, by: try verifier(line)) == expected)
        let isAccepted = try PublicTool.accepts(
            signature,
            over: payload,
            allowedSigners: line,
            identity: "dana"
        )
        #expect(isAccepted == (expected == "accepted"))
    }

    @Test func `is refused under the rules of before`() throws {
        let made = try CertifiedSSHKey()
        let verifier = try verifier(made.line("dana"))
        let file = try payload + made.sign(payload)
        for rules in [RulesVersion.first, .second] {
            #expect(throws: SignatureError.self) {
                try verifier.verify(file, at: now, under: rules)
            }
        }
    }
}

@Suite struct `A line of an authority` {
    @Test(arguments: [
        ("dana cert-authority CERTIFICATE", "a CA is a plain key"),
        ("dana CERTIFICATE", "a certificate is not listed itself"),
        ("dana namespaces=\"jitgate-grant\" CERTIFICATE", "a certificate is not listed itself"),
        ("dana cert-authority=\"yes\" KEY", "cert-authority takes no value"),
        ("dana cert-authority,cert-authority KEY", "cert-authority is there twice"),
        ("dana cert-authority PASSKEY", "a passkey cannot be a certificate authority"),
        ("!dana cert-authority KEY", "match nobody"),
    ])
    func `is malformed with all that cannot be one`(line: String, reason: String) throws {
        let made = try CertifiedSSHKey()
        let passkey = SoftwareToken(.ecdsa, application: "localhost")
        let text = line.replacingOccurrences(
            of: "CERTIFICATE",
            with: try String(contentsOfFile: made.file, encoding: .utf8)
        )
        .replacingOccurrences(of: "PASSKEY", with: passkey.publicLine)
        .replacingOccurrences(of: "KEY", with: try made.authority.publicLine)
        let error = #expect(throws: AllowedSignersError.self) {
            try AllowedSigners(parsing: Array(text.utf8))
        }
        #expect(error?.description.contains(reason) == true, "\(error as Any)")
    }

    @Test func `lets no key sign by itself, not even its own`() throws {
        let made = try CertifiedSSHKey()
        let line = try made.line("dana")
        let verifier = try verifier(line)
        let own = try made.authority.sign(payload)
        let error = refusal(of: payload + own, by: verifier)
        #expect(error?.code == .stranger)
        #expect(error?.description.contains("as a certificate authority only") == true)
        #expect(verdict(on: try payload + made.key.sign(payload), by: verifier) == "stranger")
    }
}
