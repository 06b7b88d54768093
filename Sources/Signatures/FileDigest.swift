import Crypto
import Grants

/// The digest that records and the agent know a whole grant file by.
package enum FileDigest {
    /// SHA-256 in lower-case hex.
    package static func sha256(of file: [UInt8]) -> String {
        SHA256.hash(data: file).hexadecimal
    }
}
