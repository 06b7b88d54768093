import Crypto
import Foundation

/// A passkey as an authenticator and a browser make it, without either.
package struct SoftwarePasskey: Sendable {
    private let key = P256.Signing.PrivateKey()
    package let relyingParty: String
    package let credential: String

    package init(_ relyingParty: String = "localhost", credential: String = "Y3JlZGVudGlhbA") {
        self.relyingParty = relyingParty
        self.credential = credential
    }

    /// The public key in SSH's wire form.
    package var blob: [UInt8] { wire("sk-ecdsa-sha2-nistp256@openssh.com") + fields }

    /// What follows the type there, and the nonce in a certificate.
    package var fields: [UInt8] {
        wire("nistp256") + wire(Array(key.publicKey.x963Representation)) + wire(relyingParty)
    }

    /// The line of allowed_signers.
    package func line(_ name: String, _ options: String = "namespaces=\"jitgate-grant\"") -> String
    {
        let text = Data(blob).base64EncodedString()
        return
            "\(name) \(options) sk-ecdsa-sha2-nistp256@openssh.com \(text) credential=\(credential)"
    }

    /// The armored SSH signature that the page makes over a payload.
    ///
    /// Each part can be another than that of a browser: the flags, the client data behind the origin, the
    /// extensions, and the key that the signature names.
    package func sign(
        _ payload: [UInt8],
        in namespace: String,
        at origin: String,
        flags: UInt8 = 5,
        tail: String = #","crossOrigin":false}"#,
        extensions: [UInt8] = [],
        naming blob: [UInt8]? = nil
    ) -> String {
        let message =
            Array("SSHSIG".utf8) + wire(namespace) + wire("") + wire("sha512")
            + wire(Array(SHA512.hash(data: payload)))
        let challenge = Data(message).base64EncodedString().replacing("+", with: "-")
            .replacing("/", with: "_").replacing("=", with: "")
        let client = Array(
            #"{"type":"webauthn.get","challenge":"\#(challenge)","origin":"\#(origin)"\#(tail)"#
                .utf8
        )
        let state: [UInt8] = [flags, 0, 0, 0, 0]
        let signed =
            Array(SHA256.hash(data: Array(relyingParty.utf8))) + state + extensions
            + Array(SHA256.hash(data: client))
        guard let pair = try? key.signature(for: signed).rawRepresentation else { return "" }
        let numbers = number(pair.prefix(32)) + number(pair.suffix(32))
        let inner =
            wire("webauthn-sk-ecdsa-sha2-nistp256@openssh.com") + wire(numbers) + state
            + wire(origin) + wire(client) + wire(extensions)
        let content =
            Array("SSHSIG".utf8) + [0, 0, 0, 1] + wire(blob ?? self.blob) + wire(namespace)
            + wire("") + wire("sha512") + wire(inner)
        let text = Data(content).base64EncodedString(options: [
            .lineLength64Characters, .endLineWithLineFeed,
        ])
        return "-----BEGIN SSH SIGNATURE-----\n\(text)\n-----END SSH SIGNATURE-----\n"
    }

    private func wire(_ text: String) -> [UInt8] { wire(Array(text.utf8)) }

    private func wire(_ bytes: [UInt8]) -> [UInt8] {
        (0..<4).reversed().map { UInt8(truncatingIfNeeded: bytes.count >> ($0 * 8)) } + bytes
    }

    /// An mpint: no leading zeros but one before a high bit.
    private func number(_ bytes: Data) -> [UInt8] {
        let digits = Array(bytes.drop { $0 == 0 })
        return wire((digits.first ?? 0) >= 0x80 ? [0] + digits : digits)
    }
}
