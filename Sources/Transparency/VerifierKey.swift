import Crypto
import Grants

/// The reason that a note, a checkpoint or a proof does not prove what it should.
package struct ProofError: Error, Hashable, Sendable, CustomStringConvertible {
    package let description: String

    package init(_ description: String) {
        self.description = description
    }
}

/// The public half of a host's audit key, as https://c2sp.org/signed-note writes it.
package struct VerifierKey: Hashable, Sendable, CustomStringConvertible {
    /// Ed25519.
    private static let algorithm: UInt8 = 1

    package let name: String
    /// 32 bytes.
    let key: [UInt8]

    init(name: String, key: [UInt8]) {
        self.name = name
        self.key = key
    }

    /// The first bytes of a hash over all of it, by which a signature names its key.
    var identifier: [UInt8] {
        Self.identifier(name: name, algorithm: Self.algorithm, key: key)
    }

    static func identifier(name: String, algorithm: UInt8, key: [UInt8]) -> [UInt8] {
        let input = Array(name.utf8) + [UInt8(ascii: "\n"), algorithm] + key
        return Array(SHA256.hash(data: input).prefix(4))
    }

    /// `NAME+HASH+BASE64`.
    package var description: String {
        "\(name)+\(identifier.hexadecimal)+\(Base64.encode([Self.algorithm] + key))"
    }

    package init(parsing text: some StringProtocol) throws(ProofError) {
        let (name, hash, key) = try Self.parts(of: text)
        self.init(name: name, key: key)
        guard identifier.hexadecimal == hash else {
            throw ProofError("the key's hash is not the one of its name and bytes")
        }
    }

    /// Takes `NAME+HASH+BASE64` apart; the base64 is of the algorithm and 32 bytes.
    static func parts(
        of text: some StringProtocol,
        algorithm: UInt8 = algorithm
    ) throws(ProofError) -> (name: String, hash: String, key: [UInt8]) {
        let parts = text.split(separator: "+", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3, isName(parts[0]), parts[1].utf8.count == 8,
            let bytes = Base64.decode(Array(parts[2].utf8)), bytes.count == 33
        else { throw ProofError("a key is NAME+HASH+BASE64, as `jitgate audit key` prints it") }
        guard bytes[0] == algorithm else {
            throw ProofError("the key is of algorithm \(bytes[0]), not \(algorithm)")
        }
        return (String(parts[0]), String(parts[1]), Array(bytes.dropFirst()))
    }

    /// Returns true if a note may carry a signature under this name.
    static func isName(_ text: some StringProtocol) -> Bool {
        !text.isEmpty
            && text.unicodeScalars.allSatisfy { !$0.properties.isWhitespace && $0 != "+" }
    }

    static func isSignature(
        _ signature: some Sequence<UInt8>,
        of text: String,
        by key: [UInt8]
    ) -> Bool {
        guard let key = try? Curve25519.Signing.PublicKey(rawRepresentation: key) else {
            return false
        }
        return key.isValidSignature(Array(signature), for: Array(text.utf8))
    }
}
