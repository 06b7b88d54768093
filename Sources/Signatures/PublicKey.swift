import Crypto
import CryptoExtras

/// A public key in OpenSSH's wire form (RFC 4253, 5656, 8709, PROTOCOL.u2f).
enum PublicKey: Sendable {
    case ed25519(Curve25519.Signing.PublicKey)
    case p256(P256.Signing.PublicKey)
    case p384(P384.Signing.PublicKey)
    case p521(P521.Signing.PublicKey)
    case rsa(_RSA.Signing.PublicKey)
    /// On a FIDO token; it signs the application and its own flags too.
    indirect case token(PublicKey, application: [UInt8])

    static let types: Set<String> = [
        "ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521",
        "ssh-rsa", "sk-ssh-ed25519@openssh.com", "sk-ecdsa-sha2-nistp256@openssh.com",
    ]

    static func isCertificateType(_ type: String) -> Bool {
        type.utf8.reversed().starts(with: "-cert-v01@openssh.com".utf8.reversed())
    }

    /// The type that a key in wire form says it has.
    static func type(of blob: [UInt8]) -> String? {
        var reader = WireReader(blob)
        return reader.text()
    }

    init(parsing blob: [UInt8]) throws(SignatureError) {
        var reader = WireReader(blob)
        guard let type = reader.text() else { throw Self.malformed }
        guard !Self.isCertificateType(type) else {
            throw SignatureError(
                .certificate,
                "certificates are not supported yet; sign with the plain key"
            )
        }
        guard Self.types.contains(type) else {
            throw SignatureError(
                .unsupported,
                "keys of type \(String(type.prefix(64)).debugDescription) are not supported"
            )
        }
        self = try Self.key(of: type, from: &reader)
        guard reader.isAtEnd else { throw Self.malformed }
    }

    private static let malformed = SignatureError(.malformed, "the public key is malformed")

    private static func key(
        of type: String,
        from reader: inout WireReader
    ) throws(SignatureError) -> PublicKey {
        switch type {
        case "ssh-rsa": return try rsa(from: &reader)
        case "sk-ssh-ed25519@openssh.com":
            return try token(ed25519(from: &reader), from: &reader)
        case "sk-ecdsa-sha2-nistp256@openssh.com":
            return try token(ecdsa("nistp256", from: &reader), from: &reader)
        case "ssh-ed25519": return try ed25519(from: &reader)
        default: return try ecdsa(String(type.dropFirst("ecdsa-sha2-".count)), from: &reader)
        }
    }

    private static func ed25519(from reader: inout WireReader) throws(SignatureError) -> PublicKey {
        guard let bytes = reader.string() else { throw malformed }
        do {
            return .ed25519(try .init(rawRepresentation: bytes))
        } catch {
            throw malformed
        }
    }

    private static func ecdsa(
        _ curve: String,
        from reader: inout WireReader
    ) throws(SignatureError) -> PublicKey {
        guard reader.text() == curve, let point = reader.string() else { throw malformed }
        do {
            switch curve {
            case "nistp256": return .p256(try .init(x963Representation: point))
            case "nistp384": return .p384(try .init(x963Representation: point))
            default: return .p521(try .init(x963Representation: point))
            }
        } catch {
            throw malformed
        }
    }

    private static func rsa(from reader: inout WireReader) throws(SignatureError) -> PublicKey {
        guard let exponent = reader.number(), let modulus = reader.number(), let top = modulus.first
        else { throw malformed }
        let bits = modulus.count * 8 - top.leadingZeroBitCount
        guard (2048...16_384).contains(bits) else {
            throw SignatureError(.weak, "an RSA key has 2048 to 16384 bits, not \(bits)")
        }
        guard exponent.count <= 8 else { throw malformed }
        do {
            return .rsa(try .init(n: modulus, e: exponent))
        } catch {
            throw malformed
        }
    }

    private static func token(
        _ key: PublicKey,
        from reader: inout WireReader
    ) throws(SignatureError) -> PublicKey {
        guard let application = reader.string() else { throw malformed }
        return .token(key, application: application)
    }
}
