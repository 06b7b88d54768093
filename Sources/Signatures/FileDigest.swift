import Crypto
import Grants

/// The digest that identifies a whole grant file in records and in the agent.
package enum FileDigest {
    /// The SHA-256 of a file in lower-case hex.
    package static func sha256(of file: [UInt8]) -> String {
        SHA256.hash(data: file).hexadecimal
    }
}
