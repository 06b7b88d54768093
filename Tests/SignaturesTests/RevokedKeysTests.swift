import Foundation
import Signatures
import TestSupport
import Testing

/// A key revocation list that the real ssh-keygen makes of a specification, or of public files.
private func list(_ specification: String, authority: SSHKey? = nil) throws -> [UInt8] {
    let folder = try TemporaryDirectory()
    let (source, made) = (folder.path + "/specification", folder.path + "/krl")
    try Data(specification.utf8).write(to: URL(filePath: source))
    let options = authority.map { ["-s", $0.privateFile + ".pub"] } ?? []
    let result = try Command.run(["ssh-keygen", "-q", "-k", "-f", made] + options + [source])
    guard result.status == 0 else { throw CommandFailure(result.errors) }
    return Array(try Data(contentsOf: URL(filePath: made)))
}

/// Returns true if ssh-keygen verifies a signature by lists of allowed signers and of revoked keys.
private func publicToolAccepts(
    _ signature: [UInt8],
    signers: String,
    revoked: [UInt8]
) throws -> Bool {
    let folder = try TemporaryDirectory()
    for (name, bytes) in [
        ("signature", signature), ("signers", Array(signers.utf8)), ("revoked", revoked),
    ] {
        try Data(bytes).write(to: URL(filePath: folder.path + "/" + name))
    }
    return try Command.run(
        [
            "ssh-keygen", "-Y", "verify", "-q", "-n", "jitgate-grant", "-I", "dana",
            "-f", folder.path + "/signers", "-s", folder.path + "/signature",
            "-r", folder.path + "/revoked", "-Overify-time=20270115080000Z",
        ],
        input: payload
    ).status == 0
}

/// A plain key and a certified one, with what can be said of them in a list.
private struct Scene {
    let made: CertifiedSSHKey
    let plain = Result { try SSHKey() }
    let stranger = Result { try SSHKey() }

    init() throws {
        made = try CertifiedSSHKey(options: ["-I", "dana-1", "-n", "dana", "-z", "1000"])
    }

    var signers: String {
        get throws { try "dana \(plain.get().publicLine)\n\(made.line("dana"))\n" }
    }

    func text(_ template: String) throws -> String {
        let words = [
            ("PLAIN", try plain.get().publicLine), ("SUBJECT", try made.key.publicLine),
            ("CA", try made.authority.publicLine), ("OTHER", try stranger.get().publicLine),
        ]
        return words.reduce(template) { $0.replacing($1.0, with: $1.1) }
    }

    /// Both signatures, judged by us and by ssh-keygen.
    func expectJudged(by revoked: [UInt8], _ expected: (plain: Bool, certified: Bool)) throws {
        let verifier = SignatureVerifier(
            allowedSigners: try AllowedSigners(parsing: Array(signers.utf8)),
            revokedKeys: try RevokedKeys(parsing: revoked)
        )
        for (signature, isRevoked) in [
            (try plain.get().sign(payload), expected.plain),
            (try made.sign(payload), expected.certified),
        ] {
            let code = verdict(on: payload + signature, by: verifier)
            #expect(code == (isRevoked ? "key-revoked" : "accepted"))
            let isAccepted = try publicToolAccepts(signature, signers: signers, revoked: revoked)
            #expect(isAccepted == !isRevoked)
        }
    }
}

@Suite struct `A list of revoked keys` {
    @Test(
        arguments: [
            ("", false, false), ("# none\n\n", false, false), ("OTHER\n", false, false),
            ("PLAIN\n", true, false), ("SUBJECT\n", false, true), ("CA\n", false, true),
            ("# both\r\n \tPLAIN\r\nSUBJECT", true, true),
        ]
    )
    func `of public keys revokes them, and what they certified`(
        template: String,
        plain: Bool,
        certified: Bool
    ) throws {
        let scene = try Scene()
        try scene.expectJudged(by: Array(scene.text(template).utf8), (plain, certified))
    }

    @Test(
        arguments: [
            ("", false, false), ("key: PLAIN", true, false), ("key: SUBJECT", false, true),
            ("key: CA", false, true), ("sha1: PLAIN", true, false), ("sha1: CA", false, true),
            ("sha256: PLAIN", true, false), ("sha256: SUBJECT", false, true),
            ("key: OTHER", false, false), ("serial: 1000", false, true),
            ("serial: 999", false, false), ("serial: 1-1000", false, true),
            ("serial: 1001-2000", false, false), ("serial: 1000-18446744073709551615", false, true),
            ("serial: 900\nserial: 902\nserial: 904\nserial: 907\nserial: 1000", false, true),
            ("serial: 990\nserial: 992\nserial: 995\nserial: 999\nserial: 1001", false, false),
            ("id: dana-1", false, true), ("id: dana-2", false, false), ("id: Dana-1", false, false),
        ]
    )
    func `by ssh-keygen revokes keys, serial numbers and key ids`(
        template: String,
        plain: Bool,
        certified: Bool
    ) throws {
        let scene = try Scene()
        let file = try list(scene.text(template) + "\n", authority: scene.made.authority)
        try scene.expectJudged(by: file, (plain, certified))
    }

    @Test func `by ssh-keygen is of one authority, and key ids may be of any`() throws {
        let scene = try Scene()
        let other = try scene.stranger.get()
        for (text, isRevoked) in [("serial: 1000\n", false), ("id: dana-1\n", false)] {
            try scene.expectJudged(by: list(text, authority: other), (false, isRevoked))
        }
        // ssh-keygen takes `none` for any authority.
        let section = wire([]) + wire([]) + [0x23] + wire(wire("dana-1"))
        let any = KRL.header + [1] + wire(section)
        try scene.expectJudged(by: any, (false, true))
    }

    @Test func `has the serial numbers of any bitmap`() throws {
        let scene = try Scene()
        for (offset, bits, isRevoked) in [
            (1000, [1], true), (999, [2], true), (993, [0, 0x80], true), (992, [1, 0], true),
            (1001, [0x7F], false), (999, [1], false), (984, [1, 0, 0], true), (1, [0x7F], false),
        ] as [(UInt64, [UInt8], Bool)] {
            let bitmap = unsafe withUnsafeBytes(of: offset.bigEndian, Array.init) + wire(bits)
            guard bits.first.map({ $0 < 0x80 }) == true else { continue }
            let section = wire(try KRL.blob(of: scene.made.authority)) + wire([]) + [0x22]
            let file = KRL.header + [1] + wire(section + wire(bitmap))
            try scene.expectJudged(by: file, (false, isRevoked))
        }
    }

    @Test(arguments: KRL.malformed)
    func `that is malformed is refused, as by ssh-keygen`(name: String, file: [UInt8]) throws {
        #expect(throws: RevokedKeysError.self, "\(name)") { try RevokedKeys(parsing: file) }
        let scene = try Scene()
        let signature = try scene.plain.get().sign(payload)
        #expect(
            try !publicToolAccepts(signature, signers: scene.signers, revoked: file)
                || KRL.ours.contains(name)
        )
    }

    @Test func `that is cut short is refused at any place`() throws {
        let scene = try Scene()
        let text = "key: PLAIN\nsha1: OTHER\nserial: 5-9\nserial: 100\nid: x\n"
        let file = try list(scene.text(text), authority: scene.made.authority)
        let ends = (8..<file.count).filter {
            (try? RevokedKeys(parsing: Array(file[..<$0]))) != nil
        }
        // A section that ends there is a list of its own.
        #expect(ends.count < 5)
        for end in ends {
            let signature = try scene.plain.get().sign(payload)
            _ = try publicToolAccepts(
                signature,
                signers: scene.signers,
                revoked: Array(file[..<end])
            )
        }
    }

    @Test func `that cannot be read revokes every key`() throws {
        let scene = try Scene()
        let verifier = SignatureVerifier(
            allowedSigners: try AllowedSigners(parsing: Array(scene.signers.utf8)),
            revokedKeys: RevokedKeys(unreadableBecause: "/etc/x: there is no such file")
        )
        let error = refusal(of: try payload + scene.plain.get().sign(payload), by: verifier)
        #expect(error?.code == .revoked)
        #expect(error?.description.hasSuffix("/etc/x: there is no such file") == true)
        #expect(verdict(on: try payload + scene.made.sign(payload), by: verifier) == "key-revoked")
    }
}

/// Lists put together by hand.
enum KRL {
    static let magic = Array("SSHKRL\n\0".utf8)
    static let header =
        magic + [0, 0, 0, 1] + [UInt8](repeating: 0, count: 24) + wire([]) + wire([])

    static func blob(of key: SSHKey) throws -> [UInt8] {
        let words = try key.publicLine.split(separator: " ")
        return Data(base64Encoded: String(words[1])).map(Array.init) ?? []
    }

    /// Refused by us alone: ssh-keygen 9.2 does not look at what cannot matter to the key, or has
    /// another way to say that.
    static let ours: Set<String> = [
        "a signature", "no key in a line", "prose", "a truncated key", "another type in the line",
        "a serial number of 0",
    ]

    static let malformed: [(String, [UInt8])] =
        [
            ("magic alone", magic), ("version 2", magic + [0, 0, 0, 2] + header.dropFirst(12)),
            ("no comment", Array(header.dropLast(4))), ("a byte behind", header + [1]),
            ("a section cut short", header + [2, 0, 0, 0, 9, 0]),
            ("a huge section", header + [2, 0xFF, 0xFF, 0xFF, 0xFF]),
            ("an unknown section", header + [9] + wire([])),
            ("a section 0", header + [0] + wire([])),
            ("a signature", header + [4] + wire("key") + wire("signature")),
            ("a critical extension", header + [255] + wire(wire("x@example.com") + [1] + wire([]))),
            ("an extension cut short", header + [255] + wire(wire("x@example.com"))),
            ("a SHA-1 of 19 bytes", header + [3] + wire(wire([UInt8](repeating: 1, count: 19)))),
            ("a SHA-256 of 31 bytes", header + [5] + wire(wire([UInt8](repeating: 1, count: 31)))),
            ("a key cut short", header + [2] + wire([0, 0, 0, 9, 1])),
            ("no CA", header + [1] + wire([])), ("no reserved", header + [1] + wire(wire([]))),
        ] + certificates + lines

    private static let certificates: [(String, [UInt8])] = [
        ("an unknown kind of certificates", [0x24] + wire([])),
        ("serial numbers of 7 bytes", [0x20] + wire([0, 0, 0, 0, 0, 0, 1])),
        ("a serial number of 0", [0x20] + wire([UInt8](repeating: 0, count: 8))),
        ("a range of one", [0x21] + wire([0, 0, 0, 0, 0, 0, 0, 1])),
        ("a range backwards", [0x21] + wire([0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 1])),
        ("a range from 0", [0x21] + wire([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1])),
        ("a range of three", [0x21] + wire([UInt8](repeating: 1, count: 24))),
        ("a bitmap without bits", [0x22] + wire([0, 0, 0, 0, 0, 0, 0, 1])),
        ("a negative bitmap", [0x22] + wire([0, 0, 0, 0, 0, 0, 0, 1] + wire([0x80]))),
        (
            "a bitmap of 2049 bytes",
            [0x22] + wire([0, 0, 0, 0, 0, 0, 0, 1] + wire([UInt8](repeating: 1, count: 2049)))
        ),
        ("a bitmap beyond 64 bits", [0x22] + wire([UInt8](repeating: 0xFF, count: 8) + wire([2]))),
        ("a byte behind a bitmap", [0x22] + wire([0, 0, 0, 0, 0, 0, 0, 1] + wire([1]) + [0])),
        ("a key id cut short", [0x23] + wire([0, 0, 0, 5, 1])),
        ("a critical extension of certificates", [0x39] + wire(wire("x") + [1] + wire([]))),
    ].map { name, bytes in (name, header + [1] + wire(wire([]) + wire([]) + bytes)) }

    private static let lines: [(String, [UInt8])] = [
        ("prose", "nobody is revoked"), ("no key in a line", "ssh-ed25519"),
        ("a truncated key", "ssh-ed25519 AAAA"),
        (
            "another type in the line",
            "ssh-rsa AAAAC3NzaC1lZDI1NTE5AAAAIKJF77YAVkm8+xKBtZbU+vMi9wO/JTh"
        ),
    ].map { ($0, Array($1.utf8)) }
}
