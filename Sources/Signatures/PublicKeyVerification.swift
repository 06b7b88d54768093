import Crypto
import CryptoExtras
import Grants

extension PublicKey {
    /// Checks that this key made a signature in wire form over `message`.
    ///
    /// Returns what a browser added, if a passkey made the signature in one.
    func check(
        _ signature: [UInt8],
        over message: [UInt8],
        under rules: RulesVersion
    ) throws(SignatureError) -> BrowserSignature? {
        var reader = WireReader(signature)
        guard let type = reader.text(), let blob = reader.string() else {
            throw Self.malformedSignature
        }
        guard case .token(let key, let application) = self else {
            guard reader.isAtEnd else { throw Self.malformedSignature }
            guard try accepts(type, blob, over: message) else { throw Self.tampered }
            return nil
        }
        guard rules < .third || isPasskey == (type == WebAuthnAssertion.type) else {
            throw wrongWay(type, application)
        }
        guard rules >= .third, type == WebAuthnAssertion.type else {
            guard try key.accepts(type, blob, ofToken: application, &reader, over: message) else {
                throw Self.tampered
            }
            return nil
        }
        let assertion = try WebAuthnAssertion(reading: &reader, challenge: message)
        let signed = assertion.signedBytes(for: application)
        guard try key.accepts("ecdsa-sha2-nistp256", blob, over: signed) else {
            throw Self.tampered
        }
        return try assertion.browserSignature()
    }

    private static let tampered = SignatureError(
        .tampered,
        "it is not over these bytes; what is signed or the signature was changed"
    )

    /// The error for a passkey that signed without a browser, or another token that signed in one.
    private func wrongWay(_ type: String, _ application: [UInt8]) -> SignatureError {
        let name = String(decoding: application.prefix(64), as: UTF8.self).debugDescription
        guard isPasskey else {
            return SignatureError(
                .malformed,
                "signatures of type \(type.debugDescription) do not go with a key of \(name): no"
                    + " browser signs with it; sign with ssh-keygen"
            )
        }
        return SignatureError(
            .browserOnly,
            "the key is a passkey of \(name), which signs in a browser or not at all; sign on that"
                + " page, or list a key that `ssh-keygen -t ecdsa-sk` made"
        )
    }

    private static let malformedSignature = SignatureError(
        .malformed,
        "what the key made is not a signature"
    )

    private static func otherType(_ type: String) -> SignatureError {
        let name = String(type.prefix(64)).debugDescription
        return SignatureError(.malformed, "signatures of type \(name) do not go with this key")
    }

    private func accepts(
        _ type: String,
        _ blob: [UInt8],
        over message: [UInt8]
    ) throws(SignatureError) -> Bool {
        switch (self, type) {
        case (.ed25519(let key), "ssh-ed25519"): key.isValidSignature(blob, for: message)
        case (.p256(let key), "ecdsa-sha2-nistp256"):
            try Self.pair(blob, 32) {
                try key.isValidSignature(.init(rawRepresentation: $0), for: message)
            }
        case (.p384(let key), "ecdsa-sha2-nistp384"):
            try Self.pair(blob, 48) {
                try key.isValidSignature(.init(rawRepresentation: $0), for: message)
            }
        case (.p521(let key), "ecdsa-sha2-nistp521"):
            try Self.pair(blob, 66) {
                try key.isValidSignature(.init(rawRepresentation: $0), for: message)
            }
        case (.rsa(let key), "rsa-sha2-256"):
            key.isValidSignature(
                .init(rawRepresentation: blob),
                for: SHA256.hash(data: message),
                padding: .insecurePKCS1v1_5
            )
        case (.rsa(let key), "rsa-sha2-512"):
            key.isValidSignature(
                .init(rawRepresentation: blob),
                for: SHA512.hash(data: message),
                padding: .insecurePKCS1v1_5
            )
        case (.rsa, "ssh-rsa"):
            throw SignatureError(.weak, "it uses SHA-1; sign with rsa-sha2-256 or rsa-sha2-512")
        default: throw Self.otherType(type)
        }
    }

    /// Pads the two numbers of ECDSA to the fixed width that the crypto library expects.
    private static func pair(
        _ blob: [UInt8],
        _ width: Int,
        _ check: ([UInt8]) throws -> Bool
    ) throws(SignatureError) -> Bool {
        var reader = WireReader(blob)
        guard let r = reader.number(), let s = reader.number(), reader.isAtEnd,
            r.count <= width, s.count <= width
        else { throw malformedSignature }
        let zeros = { (count: Int) in [UInt8](repeating: 0, count: count) }
        do {
            return try check(zeros(width - r.count) + r + zeros(width - s.count) + s)
        } catch {
            throw malformedSignature
        }
    }

    /// Verifies a token's signature: it covers the application, the flags and a counter
    /// (PROTOCOL.u2f).
    ///
    /// ssh-keygen -Y verify accepts a signature made without a touch; a grant needs the touch.
    private func accepts(
        _ type: String,
        _ blob: [UInt8],
        ofToken application: [UInt8],
        _ reader: inout WireReader,
        over message: [UInt8]
    ) throws(SignatureError) -> Bool {
        guard let flags = reader.byte(), let counter = reader.bytes(4), reader.isAtEnd else {
            throw Self.malformedSignature
        }
        let inner =
            switch type {
            case "sk-ssh-ed25519@openssh.com": "ssh-ed25519"
            case "sk-ecdsa-sha2-nistp256@openssh.com": "ecdsa-sha2-nistp256"
            default: throw Self.otherType(type)
            }
        guard flags & 1 == 1 else {
            throw SignatureError(
                .untouched,
                "the token was not touched when it signed"
            )
        }
        let signed =
            Array(SHA256.hash(data: application)) + [flags] + counter
            + Array(SHA256.hash(data: message))
        return try accepts(inner, blob, over: signed)
    }
}
