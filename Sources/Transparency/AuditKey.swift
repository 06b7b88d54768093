import Crypto
import Grants

/// A host's audit key: it signs checkpoints (docs/PROTOCOL.audit, section 6).
package struct AuditKey: Sendable {
    private static let prefix = "PRIVATE+KEY+"

    package let name: String
    private let key: Curve25519.Signing.PrivateKey

    /// The seed is 32 random bytes, which are the secret.
    package init(name: String, seed: [UInt8]) throws(ProofError) {
        guard VerifierKey.isName(name) else {
            throw ProofError("a key's name has neither spaces nor +")
        }
        do {
            key = try Curve25519.Signing.PrivateKey(rawRepresentation: seed)
        } catch {
            throw ProofError("the seed of a key is 32 bytes")
        }
        self.name = name
    }

    package init(parsing text: String) throws(ProofError) {
        guard text.hasPrefix(Self.prefix) else {
            throw ProofError("a private key begins with \(Self.prefix)")
        }
        let parts = try VerifierKey.parts(of: text.dropFirst(Self.prefix.count))
        try self.init(name: parts.name, seed: parts.key)
        guard publicKey.identifier.hexadecimal == parts.hash else {
            throw ProofError("the key's hash is not the one of its name and bytes")
        }
    }

    /// The form of Go's note.GenerateKey.
    package var text: String {
        let seed = Base64.encode([1] + key.rawRepresentation)
        return "\(Self.prefix)\(name)+\(publicKey.identifier.hexadecimal)+\(seed)"
    }

    package var publicKey: VerifierKey {
        VerifierKey(name: name, key: Array(key.publicKey.rawRepresentation))
    }

    /// The signed note over a text of whole lines.
    package func sign(_ text: String) throws(ProofError) -> String {
        let bytes = publicKey.identifier + (try signature(of: text))
        return "\(text)\n\(SignedNote.line(bytes, name: name))"
    }

    func signature(of text: String) throws(ProofError) -> [UInt8] {
        do {
            return Array(try key.signature(for: Array(text.utf8)))
        } catch {
            throw ProofError("the key does not sign")
        }
    }

    /// `jitgate/HOST/MACHINE-ID`, without what a key's name may not hold.
    package static func origin(hostname: String, machineID: String) -> String {
        "jitgate/\(part(hostname))/\(part(machineID))"
    }

    /// The machine id that an origin names; `nil` if it names none.
    package static func machineID(ofOrigin origin: String) -> String? {
        let part = origin.split(separator: "/").last.map(String.init)
        return part?.utf8.count == 32 ? part : nil
    }

    private static func part(_ text: String) -> String {
        let allowed = Set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_".utf8)
        let bytes = text.unicodeScalars.map { scalar in
            UInt8(exactly: scalar.value).flatMap { allowed.contains($0) ? $0 : nil }
                ?? UInt8(ascii: "_")
        }
        return bytes.isEmpty ? "unknown" : String(decoding: bytes, as: UTF8.self)
    }
}
