import Crypto
import Foundation

/// A FIDO token in software: keys and signatures as OpenSSH's PROTOCOL.u2f has them.
struct SoftwareToken {
    enum Kind: String, CaseIterable {
        case ed25519 = "sk-ssh-ed25519@openssh.com"
        case ecdsa = "sk-ecdsa-sha2-nistp256@openssh.com"
    }

    static let touched: UInt8 = 1

    let kind: Kind
    private let ed25519 = Curve25519.Signing.PrivateKey()
    private let ecdsa = P256.Signing.PrivateKey()
    private let application: [UInt8]

    init(_ kind: Kind, application: String = "ssh:") {
        self.kind = kind
        self.application = Array(application.utf8)
    }

    var publicLine: String { "\(kind.rawValue) \(Data(keyBlob).base64EncodedString())" }

    var keyBlob: [UInt8] {
        switch kind {
        case .ed25519:
            wire(kind.rawValue) + wire(ed25519.publicKey.rawRepresentation) + wire(application)
        case .ecdsa:
            wire(kind.rawValue) + wire("nistp256") + wire(ecdsa.publicKey.x963Representation)
                + wire(application)
        }
    }

    /// An armored signature; `flags` say whether the token was touched (1) and a PIN typed (4).
    func sign(_ message: [UInt8], flags: UInt8 = touched) throws -> [UInt8] {
        let signed = SSHSIG.signedBytes(message)
        let counter: [UInt8] = [0, 0, 0, 7]
        let assertion =
            Array(SHA256.hash(data: application)) + [flags] + counter
            + Array(SHA256.hash(data: signed))
        let signature = wire(kind.rawValue) + wire(try inner(assertion)) + [flags] + counter
        return SSHSIG.armor(SSHSIG.blob(key: keyBlob, signature: signature))
    }

    private func inner(_ assertion: [UInt8]) throws -> [UInt8] {
        switch kind {
        case .ed25519: return Array(try ed25519.signature(for: assertion))
        case .ecdsa:
            let pair = Array(try ecdsa.signature(for: assertion).rawRepresentation)
            return wireNumber(pair.prefix(32)) + wireNumber(pair.suffix(32))
        }
    }
}

/// Signatures put together by hand (PROTOCOL.sshsig), right and wrong ones.
enum SSHSIG {
    static func signedBytes(
        _ message: [UInt8],
        namespace: String = "jitgate-grant"
    ) -> [UInt8] {
        Array("SSHSIG".utf8) + wire(namespace) + wire("") + wire("sha512")
            + wire(Array(SHA512.hash(data: message)))
    }

    static func blob(
        version: UInt8 = 1,
        key: [UInt8],
        namespace: String = "jitgate-grant",
        reserved: String = "",
        hash: String = "sha512",
        signature: [UInt8]
    ) -> [UInt8] {
        Array("SSHSIG".utf8) + [0, 0, 0, version] + wire(key) + wire(namespace) + wire(reserved)
            + wire(hash) + wire(signature)
    }

    static func armor(_ blob: [UInt8], width: Int = 70) -> [UInt8] {
        let text = Array(Data(blob).base64EncodedString().utf8)
        let lines = stride(from: 0, to: text.count, by: width).map {
            String(decoding: text[$0..<min($0 + width, text.count)], as: UTF8.self) + "\n"
        }
        return Array(
            ("-----BEGIN SSH SIGNATURE-----\n" + lines.joined() + "-----END SSH SIGNATURE-----\n")
                .utf8
        )
    }

    /// The content of one armored block.
    static func content(of armor: [UInt8]) -> [UInt8] {
        let text = String(decoding: armor, as: UTF8.self)
            .split(separator: "\n").filter { !$0.hasPrefix("-----") }.joined()
        return Data(base64Encoded: text).map(Array.init) ?? []
    }
}

/// An SSH string (RFC 4251).
func wire(_ bytes: some Collection<UInt8>) -> [UInt8] {
    unsafe withUnsafeBytes(of: UInt32(bytes.count).bigEndian, Array.init) + bytes
}

func wire(_ text: String) -> [UInt8] {
    wire(Array(text.utf8))
}

/// An SSH mpint that is not negative.
func wireNumber(_ bytes: some Collection<UInt8>) -> [UInt8] {
    let magnitude = bytes.drop { $0 == 0 }
    return wire(((magnitude.first ?? 0) >= 0x80 ? [0] : []) + Array(magnitude))
}
