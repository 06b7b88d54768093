import Crypto
import CryptoExtras

/// A public key in OpenSSH's wire form (RFC 4253, 5656, 8709, PROTOCOL.u2f).
enum PublicKey: Sendable {
    case ed25519(Curve25519.Signing.PublicKey)
    case p256(P256.Signing.PublicKey)
    case p384(P384.Signing.PublicKey)
    case p521(P521.Signing.PublicKey)
    case rsa(_RSA.Signing.PublicKey)
    /// A key on a FIDO token, which also signs the application and its own flags.
    indirect case token(PublicKey, application: [UInt8])

    static let types: Set<String> = [
        "ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521",
        "ssh-rsa", "sk-ssh-ed25519@openssh.com", "sk-ecdsa-sha2-nistp256@openssh.com",
    ]

    /// True if the key is on a FIDO token.
    var isOnToken: Bool {
        if case .token = self { true } else { false }
    }

    /// True if the key is a passkey: one of a web page, where those of OpenSSH begin with `ssh:`.
    var isPasskey: Bool {
        guard case .token(_, let application) = self else { return false }
        return !application.starts(with: "ssh:".utf8)
    }

    static func isCertificateType(_ type: String) -> Bool {
        type.utf8.reversed().starts(with: CertifiedKey.suffix.utf8.reversed())
    }

    /// The key type that a key in wire form names.
    static func type(of blob: [UInt8]) -> String? {
        var reader = WireReader(blob)
        return reader.text()
    }

    /// Hands a key to the crypto library: only for keys that allowed_signers lists.
    init(parsing blob: [UInt8]) throws(SignatureError) {
        try self.init(PublicKeyForm(parsing: blob))
    }

    /// Hands a key to the crypto library: only for keys that allowed_signers lists, or that an
    /// authority listed there has certified.
    init(_ form: PublicKeyForm) throws(SignatureError) {
        do {
            self = try Self.key(in: form)
        } catch let error as SignatureError {
            throw error
        } catch {
            throw PublicKeyForm.malformed
        }
    }

    private static func key(in form: PublicKeyForm) throws -> PublicKey {
        switch form {
        case .ed25519(let bytes): .ed25519(try .init(rawRepresentation: bytes))
        case .ecdsa(.p256, let point): .p256(try .init(x963Representation: point))
        case .ecdsa(.p384, let point): .p384(try .init(x963Representation: point))
        case .ecdsa(.p521, let point): .p521(try .init(x963Representation: point))
        case .rsa(let modulus, let exponent): .rsa(try .init(n: modulus, e: exponent))
        case .token(let key, let application):
            .token(try Self.key(in: key), application: application)
        }
    }
}
