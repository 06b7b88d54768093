import Crypto

/// One signature of OpenSSH's PROTOCOL.sshsig, read but not yet verified.
struct SSHSignature: Sendable {
    private static let magic = Array("SSHSIG".utf8)

    let key: PublicKey
    /// The public key in wire form, as allowed_signers holds it.
    let keyBlob: [UInt8]
    let namespace: String
    private let hash: String
    private let signature: [UInt8]

    init(parsing blob: [UInt8]) throws(SignatureError) {
        var reader = WireReader(blob)
        guard reader.bytes(6) == Self.magic, reader.uint32() == 1,
            let keyBlob = reader.string(), let namespace = reader.text(),
            reader.string() != nil, let hash = reader.text(), let signature = reader.string(),
            reader.isAtEnd
        else { throw SignatureError(.malformed, "it is not an SSH signature of version 1") }
        guard ["sha256", "sha512"].contains(hash) else {
            throw SignatureError(.unsupported, "the hash is neither sha256 nor sha512")
        }
        key = try PublicKey(parsing: keyBlob)
        self.keyBlob = keyBlob
        self.namespace = namespace
        self.hash = hash
        self.signature = signature
    }

    /// `SHA256:…`, as ssh-keygen -l prints it.
    var fingerprint: String { "SHA256:" + Base64.encodeUnpadded(SHA256.hash(data: keyBlob)) }

    /// Checks the signature over a message.
    func verify(_ message: [UInt8]) throws(SignatureError) {
        let digest =
            hash == "sha256" ? Array(SHA256.hash(data: message)) : Array(SHA512.hash(data: message))
        let signed =
            Self.magic + Array(namespace.utf8).asWireString + [UInt8]().asWireString
            + Array(hash.utf8).asWireString + digest.asWireString
        guard try key.accepts(signature, over: signed) else {
            throw SignatureError(
                .tampered,
                "the signature by \(fingerprint) is not over these bytes"
            )
        }
    }
}
