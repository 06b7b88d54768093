/// A public key parsed by its lengths alone, without the crypto library.
///
/// It finds what is wrong with a key that allowed_signers does not list, so that no number of a
/// stranger's choice reaches the crypto library.
enum PublicKeyForm: Sendable {
    enum Curve: String, Sendable {
        case p256 = "nistp256"
        case p384 = "nistp384"
        case p521 = "nistp521"

        /// The size of a coordinate in bytes.
        var width: Int {
            switch self {
            case .p256: 32
            case .p384: 48
            case .p521: 66
            }
        }
    }

    case ed25519([UInt8])
    /// A point in X9.63's uncompressed form.
    case ecdsa(Curve, [UInt8])
    case rsa(modulus: [UInt8], exponent: [UInt8])
    indirect case token(PublicKeyForm, application: [UInt8])

    /// The longest application of a security key, and relying party of a passkey, in bytes.
    private static let applicationLimit = 255

    static let malformed = SignatureError(.malformed, "the public key is malformed")

    init(parsing blob: [UInt8]) throws(SignatureError) {
        var reader = WireReader(blob)
        guard let type = reader.text() else { throw Self.malformed }
        guard PublicKey.types.contains(type) else { throw Self.unsupported(type) }
        self = try Self.key(of: type, from: &reader)
        guard reader.isAtEnd else { throw Self.malformed }
    }

    static func unsupported(_ type: String) -> SignatureError {
        let name = String(type.prefix(64)).debugDescription
        return SignatureError(.unsupported, "keys of type \(name) are not supported")
    }

    /// Reads the numbers of a key behind its type.
    static func key(
        of type: String,
        from reader: inout WireReader
    ) throws(SignatureError) -> PublicKeyForm {
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

    private static func ed25519(
        from reader: inout WireReader
    ) throws(SignatureError) -> PublicKeyForm {
        guard let bytes = reader.string(), bytes.count == 32 else { throw malformed }
        return .ed25519(bytes)
    }

    private static func ecdsa(
        _ name: String,
        from reader: inout WireReader
    ) throws(SignatureError) -> PublicKeyForm {
        guard reader.text() == name, let curve = Curve(rawValue: name),
            let point = reader.string(), point.first == 4, point.count == 1 + 2 * curve.width
        else { throw malformed }
        return .ecdsa(curve, point)
    }

    private static func rsa(from reader: inout WireReader) throws(SignatureError) -> PublicKeyForm {
        guard let exponent = reader.number(), let modulus = reader.number(), let top = modulus.first
        else { throw malformed }
        let bits = modulus.count * 8 - top.leadingZeroBitCount
        guard (2048...16_384).contains(bits) else {
            throw SignatureError(.weak, "an RSA key has 2048 to 16384 bits, not \(bits)")
        }
        guard exponent.count <= 8 else { throw malformed }
        return .rsa(modulus: modulus, exponent: exponent)
    }

    private static func token(
        _ key: PublicKeyForm,
        from reader: inout WireReader
    ) throws(SignatureError) -> PublicKeyForm {
        guard let application = reader.string() else { throw malformed }
        guard application.count <= applicationLimit else {
            throw SignatureError(
                .tooLarge,
                "the application of a security key or passkey has at most \(applicationLimit) bytes"
            )
        }
        return .token(key, application: application)
    }
}
