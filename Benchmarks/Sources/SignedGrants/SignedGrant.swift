package import Crypto
package import Foundation

/// A grant file, signed in this process: ten thousand runs of ssh-keygen would take minutes.
package struct SignedGrant {
    package let id: String
    package let file: [UInt8]

    /// A grant for web-1 that ends at `expires`, with a signature by each key.
    package init(
        source: String,
        expires: Date,
        duration: String? = nil,
        by keys: Curve25519.Signing.PrivateKey...
    ) throws {
        id = UUID().uuidString.lowercased()
        let end =
            expires.formatted(.iso8601.year().month().day().time(includingFractionalSeconds: true))
            + "Z"
        let length = duration.map { #", "duration": "\#($0)""# } ?? ""
        let payload = Array(
            #"""
            {"jitgate": "grant/1", "id": "\#(id)", "hosts": ["web-1"], "requestor": "dana", "justification": "INC-4211",
             "sources": ["\#(source)"], "ports": ["22/tcp"], "expires": "\#(end)"\#(length)}

            """#.utf8
        )
        file = payload + (try keys.flatMap { try Self.armored(payload, by: $0) })
    }

    /// The file of a revocation of every grant on web-1.
    package static func lockout(by key: Curve25519.Signing.PrivateKey) throws -> [UInt8] {
        // The same bytes would take effect once only.
        let id = UUID().uuidString.lowercased()
        let payload = Array(
            #"""
            {"jitgate": "revocation/1", "id": "\#(id)", "hosts": ["web-1"], "reason": "measured", "all": true}
            """#.utf8
        )
        let line = payload + [UInt8(ascii: "\n")]
        return line + (try armored(line, by: key, in: "jitgate-lockout"))
    }

    /// Makes a signature of OpenSSH's PROTOCOL.sshsig.
    private static func armored(
        _ payload: [UInt8],
        by key: Curve25519.Signing.PrivateKey,
        in namespace: String = "jitgate-grant"
    ) throws -> [UInt8] {
        let names = string(namespace) + string("") + string("sha512")
        let signed = Array("SSHSIG".utf8) + names + string(Array(SHA512.hash(data: payload)))
        let signature = try key.signature(for: Data(signed))
        let blob =
            Array("SSHSIG".utf8) + [0, 0, 0, 1] + string(publicBlob(key.publicKey)) + names
            + string(string("ssh-ed25519") + string(Array(signature)))
        let text = Array(Data(blob).base64EncodedString().utf8)
        var lines = "-----BEGIN SSH SIGNATURE-----\n"
        for start in stride(from: 0, to: text.count, by: 70) {
            lines += String(decoding: text[start...].prefix(70), as: UTF8.self) + "\n"
        }
        return Array((lines + "-----END SSH SIGNATURE-----\n").utf8)
    }

    package static func publicLine(_ key: Curve25519.Signing.PublicKey) -> String {
        "ssh-ed25519 " + Data(publicBlob(key)).base64EncodedString()
    }

    private static func publicBlob(_ key: Curve25519.Signing.PublicKey) -> [UInt8] {
        string("ssh-ed25519") + string(Array(key.rawRepresentation))
    }

    private static func string(_ text: String) -> [UInt8] { string(Array(text.utf8)) }

    /// Encodes a string of RFC 4251, section 5: a length of 32 bits, then the bytes.
    private static func string(_ bytes: [UInt8]) -> [UInt8] {
        [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: bytes.count >> $0) } + bytes
    }
}
