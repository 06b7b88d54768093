import Crypto
import Foundation

/// A security key or passkey in software: keys and signatures as OpenSSH's PROTOCOL.u2f has them.
struct SoftwareToken {
    enum Kind { case ed25519, ecdsa, passkey }

    private static let origin = "https://approve.example.com"

    let kind: Kind
    private let ed25519 = Curve25519.Signing.PrivateKey()
    private let ecdsa = P256.Signing.PrivateKey()

    private var type: String {
        kind == .ed25519 ? "sk-ssh-ed25519@openssh.com" : "sk-ecdsa-sha2-nistp256@openssh.com"
    }

    private var application: String { kind == .passkey ? "approve.example.com" : "ssh:" }

    var publicLine: String { "\(type) \(Data(keyBlob).base64EncodedString())" }

    private var keyBlob: [UInt8] {
        let key =
            kind == .ed25519
            ? wire(Array(ed25519.publicKey.rawRepresentation))
            : wire("nistp256") + wire(Array(ecdsa.publicKey.x963Representation))
        return wire(type) + key + wire(application)
    }

    /// The armored signature over a payload, by the plain key or the certificate in `blob`.
    func sign(_ payload: [UInt8], as blob: [UInt8]? = nil) throws -> [UInt8] {
        let names = wire("jitgate-grant") + wire("") + wire("sha512")
        let message = Array("SSHSIG".utf8) + names + wire(Array(SHA512.hash(data: payload)))
        let signature = try kind == .passkey ? inBrowser(message) : onToken(message)
        let whole =
            Array("SSHSIG".utf8) + [0, 0, 0, 1] + wire(blob ?? keyBlob) + names + wire(signature)
        let text = Data(whole).base64EncodedString(options: [
            .lineLength64Characters, .endLineWithLineFeed,
        ])
        return Array(
            "-----BEGIN SSH SIGNATURE-----\n\(text)\n-----END SSH SIGNATURE-----\n".utf8
        )
    }

    private func onToken(_ message: [UInt8]) throws -> [UInt8] {
        let state: [UInt8] = [1, 0, 0, 0, 7]
        let signed = hash(Array(application.utf8)) + state + hash(message)
        let inner =
            try kind == .ed25519
            ? Array(ed25519.signature(for: signed)) : pair(ecdsa.signature(for: signed))
        return wire(type) + wire(inner) + state
    }

    private func inBrowser(_ message: [UInt8]) throws -> [UInt8] {
        let challenge = Data(message).base64EncodedString().replacing("+", with: "-")
            .replacing("/", with: "_").replacing("=", with: "")
        let client = Array(
            #"{"type":"webauthn.get","challenge":"\#(challenge)","origin":"\#(Self.origin)","crossOrigin":false}"#
                .utf8
        )
        let state: [UInt8] = [5, 0, 0, 0, 0]
        let signed = hash(Array(application.utf8)) + state + hash(client)
        return wire("webauthn-sk-ecdsa-sha2-nistp256@openssh.com")
            + wire(pair(try ecdsa.signature(for: signed))) + state + wire(Self.origin)
            + wire(client) + wire("")
    }

    private func hash(_ bytes: [UInt8]) -> [UInt8] { Array(SHA256.hash(data: bytes)) }

    /// Two mpints: no leading zeros but one before a high bit.
    private func pair(_ signature: P256.Signing.ECDSASignature) -> [UInt8] {
        let bytes = Array(signature.rawRepresentation)
        return [bytes.prefix(32), bytes.suffix(32)].flatMap { half in
            let digits = Array(half.drop { $0 == 0 })
            return wire((digits.first ?? 0) >= 0x80 ? [0] + digits : digits)
        }
    }

    private func wire(_ text: String) -> [UInt8] { wire(Array(text.utf8)) }

    /// A string of RFC 4251, section 5: a length of 32 bits, then the bytes.
    private func wire(_ bytes: [UInt8]) -> [UInt8] {
        [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: bytes.count >> $0) } + bytes
    }
}
