import CCurl
package import FetchSettings

/// The files and keys by which a host and its depot know each other.
package struct Identity: Hashable, Sendable {
    /// The file of the authorities that a server's certificate may come from; `nil`: the system's.
    package var authorities: String?
    /// The file with the client certificate and its key, in PEM.
    package var certificate: String?
    /// The keys of an S3-compatible store.
    package var credentials: CredentialsFile?

    package init() {}
}

/// The digest that names files.
package enum Digest {
    /// The SHA-256 of bytes.
    package static func sha256(of bytes: [UInt8]) -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: Int(SHA256_DIGEST_LENGTH))
        _ = unsafe SHA256(bytes, bytes.count, &digest)
        return digest
    }
}
