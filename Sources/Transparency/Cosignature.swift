import Crypto
import Grants

/// The key of a witness: it signs checkpoints of other logs (https://c2sp.org/tlog-cosignature).
package struct CosigningKey: Sendable {
    private let key: AuditKey

    /// Reads a private key in the form of Go's note.GenerateKey.
    package init(parsing text: String) throws(ProofError) {
        key = try AuditKey(parsing: text)
    }

    /// The seed is 32 random bytes, which are the secret.
    package init(name: String, seed: [UInt8]) throws(ProofError) {
        key = try AuditKey(name: name, seed: seed)
    }

    /// The private key, in the form of Go's note.GenerateKey.
    package var text: String { key.text }

    package var publicKey: CosignerKey {
        CosignerKey(name: key.name, key: key.publicKey.key)
    }

    /// The signed checkpoint with one more line, of this time in seconds since 1970: the witness has
    /// seen nothing that contradicts it.
    package func cosign(_ note: String, at seconds: UInt64) throws(ProofError) -> String {
        let text = try SignedNote(parsing: Array(note.utf8)).text
        let signature = try key.signature(of: CosignerKey.message(text, at: seconds))
        let stamp = CosignerKey.bigEndian(seconds)
        let bytes = publicKey.identifier + stamp + signature
        return note + SignedNote.line(bytes, name: key.name)
    }
}

/// The public half of the key of a witness.
package struct CosignerKey: Hashable, Sendable, CustomStringConvertible {
    /// Ed25519 cosignatures.
    private static let algorithm: UInt8 = 4

    package let name: String
    /// 32 bytes.
    private let key: [UInt8]

    fileprivate init(name: String, key: [UInt8]) {
        self.name = name
        self.key = key
    }

    package init(parsing text: some StringProtocol) throws(ProofError) {
        let parts = try VerifierKey.parts(of: text, algorithm: Self.algorithm)
        (name, key) = (parts.name, parts.key)
        guard identifier.hexadecimal == parts.hash else {
            throw ProofError("the key's hash is not the one of its name and bytes")
        }
    }

    /// `NAME+HASH+BASE64`.
    package var description: String {
        "\(name)+\(identifier.hexadecimal)+\(Base64.encode([Self.algorithm] + key))"
    }

    fileprivate var identifier: [UInt8] {
        VerifierKey.identifier(name: name, algorithm: Self.algorithm, key: key)
    }

    /// The time of the newest cosignature by this key under a checkpoint, in seconds since 1970;
    /// `nil` if there is none.
    package func time(ofCosignatureUnder note: [UInt8]) throws(ProofError) -> UInt64? {
        let note = try SignedNote(parsing: note)
        var newest: UInt64?
        for bytes in note.signatures(by: name, identifier) {
            guard bytes.count == 72 else { throw ProofError("a cosignature has 72 bytes") }
            let seconds = bytes.prefix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
            let signed = Self.message(note.text, at: seconds)
            guard VerifierKey.isSignature(bytes.dropFirst(8), of: signed, by: key) else {
                throw ProofError("the cosignature by \(name) is wrong")
            }
            newest = max(newest ?? 0, seconds)
        }
        return newest
    }

    fileprivate static func message(_ text: String, at seconds: UInt64) -> String {
        "cosignature/v1\ntime \(seconds)\n\(text)"
    }

    fileprivate static func bigEndian(_ number: UInt64) -> [UInt8] {
        stride(from: 56, through: 0, by: -8).map { UInt8(truncatingIfNeeded: number >> UInt64($0)) }
    }
}
