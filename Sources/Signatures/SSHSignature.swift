import Crypto
import Grants

/// One signature of OpenSSH's PROTOCOL.sshsig, parsed but not yet verified.
struct SSHSignature: Sendable {
    private static let magic = Array("SSHSIG".utf8)

    /// The public key in wire form, as in allowed_signers.
    let keyBlob: [UInt8]
    let namespace: String
    private let hash: Hash
    private let signature: [UInt8]

    /// The hash of the message that the signature covers.
    private enum Hash: String {
        case sha256
        case sha512

        func digest(of message: [UInt8]) -> [UInt8] {
            switch self {
            case .sha256: Array(SHA256.hash(data: message))
            case .sha512: Array(SHA512.hash(data: message))
            }
        }
    }

    init(parsing blob: [UInt8]) throws(SignatureError) {
        var reader = WireReader(blob)
        guard reader.bytes(6) == Self.magic, reader.uint32() == 1,
            let keyBlob = reader.string(), let namespace = reader.text(),
            let reserved = reader.string(), let name = reader.text(),
            let signature = reader.string(), reader.isAtEnd
        else { throw SignatureError(.malformed, "it is not an SSH signature of version 1") }
        // No signature covers the reserved field, so it must be empty.
        guard reserved.isEmpty else {
            throw SignatureError(.malformed, "its reserved field is not empty")
        }
        guard let hash = Hash(rawValue: name) else {
            throw SignatureError(.unsupported, "its hash is neither sha256 nor sha512")
        }
        self.keyBlob = keyBlob
        self.namespace = namespace
        self.hash = hash
        self.signature = signature
    }

    /// The fingerprint `SHA256:…` of the key or certified key, as ssh-keygen -l prints it.
    var fingerprint: String {
        Self.fingerprint(of: (try? CertifiedKey(parsing: keyBlob))?.blob ?? keyBlob)
    }

    /// True if a certificate is where the key is.
    var isCertified: Bool { PublicKey.type(of: keyBlob).map(PublicKey.isCertificateType) ?? false }

    static func fingerprint(of keyBlob: [UInt8]) -> String {
        "SHA256:" + Base64.encodeUnpadded(SHA256.hash(data: keyBlob))
    }

    /// Checks that `key`, whose wire form is `keyBlob`, signed a message.
    ///
    /// Returns what a browser added, if a passkey made the signature in one.
    func verify(
        _ message: [UInt8],
        by key: PublicKey,
        under rules: RulesVersion
    ) throws(SignatureError) -> BrowserSignature? {
        let signed =
            Self.magic + Array(namespace.utf8).asWireString + [UInt8]().asWireString
            + Array(hash.rawValue.utf8).asWireString + hash.digest(of: message).asWireString
        return try key.check(signature, over: signed, under: rules)
    }
}
