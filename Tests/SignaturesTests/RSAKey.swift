import CryptoExtras
import Foundation
import Crypto

/// An RSA key in software that signs with whatever hash a test wants.
struct RSAKey {
    private let key: _RSA.Signing.PrivateKey

    init(bits: Int) throws {
        key = try .init(keySize: .init(bitCount: bits))
    }

    var keyBlob: [UInt8] {
        get throws {
            let numbers = try key.publicKey.getKeyPrimitives()
            return wire("ssh-rsa") + wireNumber(numbers.publicExponent)
                + wireNumber(numbers.modulus)
        }
    }

    var publicLine: String {
        get throws { "ssh-rsa \(Data(try keyBlob).base64EncodedString())" }
    }

    /// An armored signature of `type`: rsa-sha2-256, or ssh-rsa, which means SHA-1.
    func sign(_ message: [UInt8], type: String) throws -> [UInt8] {
        let bytes = SSHSIG.signedBytes(message)
        let signature =
            type == "ssh-rsa"
            ? try key.signature(for: Insecure.SHA1.hash(data: bytes), padding: .insecurePKCS1v1_5)
            : try key.signature(for: SHA256.hash(data: bytes), padding: .insecurePKCS1v1_5)
        let blob = wire(type) + wire(signature.rawRepresentation)
        return SSHSIG.armor(SSHSIG.blob(key: try keyBlob, signature: blob))
    }
}
