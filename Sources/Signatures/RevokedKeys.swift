import Crypto
import Grants

/// Keys and certificates that count no more: the content of `revoked_keys` (docs/PROTOCOL.krl).
package struct RevokedKeys: Sendable {
    /// The SHA-256 of keys in wire form.
    var keys: Set<[UInt8]> = []
    /// The SHA-1 of keys in wire form, as old lists have it.
    var oldHashes: Set<[UInt8]> = []
    /// The certificates of each authority, by its key in wire form; those of any by no key.
    var certificates: [[UInt8]: RevokedCertificates] = [:]
    /// The reason that the file could not be read, so that no key counts; `nil` if it was.
    private var unreadable: String?

    /// Revokes nothing.
    package init() {}

    /// Revokes all keys, since nobody knows which ones the file lists.
    package init(unreadableBecause reason: String) {
        unreadable = reason
    }

    /// Reads a KRL of OpenSSH, or a list of public keys.
    package init(parsing file: [UInt8]) throws(RevokedKeysError) {
        if file.starts(with: KeyRevocationList.magic) {
            self = try KeyRevocationList.parse(file)
        } else {
            try self.init(list: file)
        }
    }

    /// Throws the refusal of a plain key, if it is revoked.
    func check(_ keyBlob: [UInt8]) throws(SignatureError) {
        if let unreadable {
            throw SignatureError(
                .revoked,
                "revoked_keys cannot be read, so no key counts: \(unreadable)"
            )
        }
        guard !contains(keyBlob) else { throw Self.revoked("the key") }
    }

    /// Throws the refusal of a certificate, if it, its key or its authority is revoked.
    func check(_ certificate: Certificate) throws(SignatureError) {
        try check(certificate.keyBlob)
        guard !contains(certificate.authority) else {
            throw Self.revoked("the CA of its certificate")
        }
        for list in [certificates[certificate.authority], certificates[[]]].compactMap(\.self) {
            guard !list.contains(serial: certificate.serial) else {
                throw Self.revoked("the certificate with serial \(certificate.serial)")
            }
            guard !list.keyIDs.contains(Array(certificate.keyID.utf8)) else {
                throw Self.revoked("each certificate of \(certificate.keyID.debugDescription)")
            }
        }
    }

    private static func revoked(_ what: String) -> SignatureError {
        SignatureError(.revoked, "\(what) is revoked by revoked_keys; sign with another one")
    }

    private func contains(_ keyBlob: [UInt8]) -> Bool {
        keys.contains(Array(SHA256.hash(data: keyBlob)))
            || !oldHashes.isEmpty && oldHashes.contains(Array(Insecure.SHA1.hash(data: keyBlob)))
    }

    mutating func revoke(_ keyBlob: [UInt8]) {
        keys.insert(Array(SHA256.hash(data: keyBlob)))
    }
}

/// Certificates of one authority, or of any.
struct RevokedCertificates: Sendable {
    /// Serial numbers, as bits above an offset.
    struct Bitmap: Sendable {
        let offset: UInt64
        /// The highest bits first.
        let bytes: [UInt8]

        func contains(_ serial: UInt64) -> Bool {
            guard serial >= offset else { return false }
            let bit = serial - offset
            guard bit < UInt64(bytes.count) * 8 else { return false }
            return bytes[bytes.count - 1 - Int(bit / 8)] & 1 << UInt8(bit % 8) != 0
        }
    }

    var serials: Set<UInt64> = []
    var ranges: [ClosedRange<UInt64>] = []
    var bitmaps: [Bitmap] = []
    var keyIDs: Set<[UInt8]> = []

    /// Returns whether a serial number is revoked; 0 means that the authority gave none.
    func contains(serial: UInt64) -> Bool {
        guard serial != 0 else { return false }
        return serials.contains(serial) || ranges.contains { $0.contains(serial) }
            || bitmaps.contains { $0.contains(serial) }
    }
}

/// The mistake that has a whole revoked_keys file refused.
package struct RevokedKeysError: Error, Hashable, Sendable, CustomStringConvertible {
    package let description: String

    init(_ description: String) {
        self.description = description
    }
}

extension RevokedKeys {
    /// Reads a list of public keys, one a line, as OpenSSH does: a key of any type counts.
    fileprivate init(list file: [UInt8]) throws(RevokedKeysError) {
        self.init()
        let lines = file.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        for (index, line) in lines.enumerated() {
            let words = line.split { [0x09, 0x0D, 0x20].contains($0) }
            guard let type = words.first, type.first != UInt8(ascii: "#") else { continue }
            guard let key = Self.key(type, words.dropFirst().first) else {
                throw RevokedKeysError(
                    "line \(index + 1): this is neither a public key, as in `ssh-ed25519 AAAA…`, nor"
                        + " a comment; a KRL is made by `ssh-keygen -k`"
                )
            }
            revoke(key)
        }
    }

    private static func key(_ type: ArraySlice<UInt8>, _ text: ArraySlice<UInt8>?) -> [UInt8]? {
        guard let text, let blob = Base64.decode(Array(text)),
            let name = PublicKey.type(of: blob), name.utf8.elementsEqual(type)
        else { return nil }
        guard PublicKey.isCertificateType(name) else { return blob }
        return (try? CertifiedKey(parsing: blob))?.blob
    }
}
