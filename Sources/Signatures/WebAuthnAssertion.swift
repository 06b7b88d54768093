import Crypto
import Grants
import StrictJSON

/// The data that passkey and browser signed besides the message (OpenSSH's PROTOCOL.u2f, WebAuthn).
///
/// Stricter than ssh-keygen, which looks at neither presence nor verification of the user, and at
/// nothing behind the origin: see docs/PROTOCOL.grant, section 1.
struct WebAuthnAssertion {
    static let type = "webauthn-sk-ecdsa-sha2-nistp256@openssh.com"
    /// The longest origin in bytes.
    static let originLimit = 255
    /// The longest client data in bytes.
    static let clientDataLimit = 4096

    private let flags: Flags
    private let counter: [UInt8]
    /// The origin as the browser wrote it, escaped slashes included.
    private let origin: [UInt8]
    private let clientData: [UInt8]

    /// Reads what follows the two numbers of the signature, and checks all that needs no JSON.
    init(reading reader: inout WireReader, challenge: [UInt8]) throws(SignatureError) {
        guard let flags = reader.byte(), let counter = reader.bytes(4),
            let origin = reader.string(), let clientData = reader.string(),
            let extensions = reader.string(), reader.isAtEnd
        else {
            throw SignatureError(.malformed, "a part of the passkey's signature is missing")
        }
        self.flags = Flags(rawValue: flags)
        self.counter = counter
        self.origin = origin
        self.clientData = clientData
        guard origin.count <= Self.originLimit, clientData.count <= Self.clientDataLimit else {
            throw SignatureError(
                .tooLarge,
                "the origin has at most \(Self.originLimit) bytes and the client data at most"
                    + " \(Self.clientDataLimit)"
            )
        }
        try self.flags.check(extensions: extensions)
        try checkBeginning(challenge)
    }

    /// Compares what ssh-keygen compares: the client data up to the closing quote of the origin.
    private func checkBeginning(_ challenge: [UInt8]) throws(SignatureError) {
        let opening = Array(#"{"type":"webauthn.get","challenge":""#.utf8)
        let signed = Array(Base64URL.encode(challenge).utf8)
        let middle = Array(#"","origin":""#.utf8)
        guard clientData.starts(with: opening) else {
            throw Self.clientDataError(
                "do not begin with type, challenge and origin; sign by the browser's own passkeys,"
                    + " not by an add-on that orders them otherwise"
            )
        }
        let rest = clientData.dropFirst(opening.count)
        guard rest.starts(with: signed + [UInt8(ascii: "\"")]) else {
            throw SignatureError(
                .tampered,
                "the passkey signed another challenge; what is signed or the signature was changed"
            )
        }
        guard rest.dropFirst(signed.count).starts(with: middle + origin + [UInt8(ascii: "\"")])
        else {
            throw Self.clientDataError("do not name the origin that the signature names")
        }
        guard isPlainOrigin else {
            throw Self.clientDataError("have an origin with other escapes than `\\/`, or no ASCII")
        }
    }

    /// True if the origin is what its bytes say; old Android escapes slashes.
    private var isPlainOrigin: Bool {
        let unescaped = origin.split(
            separator: UInt8(ascii: "\\"),
            omittingEmptySubsequences: false
        )
        return unescaped.dropFirst().allSatisfy { $0.first == UInt8(ascii: "/") }
            && origin.allSatisfy { (0x21...0x7E).contains($0) && $0 != UInt8(ascii: "\"") }
    }

    /// The bytes that the authenticator signed: its own data, and the hash of the client data.
    func signedBytes(for application: [UInt8]) -> [UInt8] {
        Array(SHA256.hash(data: application)) + [flags.rawValue] + counter
            + Array(SHA256.hash(data: clientData))
    }

    /// Reads the client data as JSON, once the signature over them is known to be good.
    func browserSignature() throws(SignatureError) -> BrowserSignature {
        let node: JSONNode
        do throws(JSONSyntaxError) {
            let limits = JSONNode.Limits(bytes: Self.clientDataLimit, depth: 8)
            node = try JSONNode.parse(clientData, limits: limits)
        } catch {
            throw Self.clientDataError("are not strict JSON: \(error)")
        }
        guard case .object(let members) = node.content else {
            throw Self.clientDataError("are no JSON object")
        }
        for member in members { try Self.check(member) }
        let text = origin.filter { $0 != UInt8(ascii: "\\") }
        return BrowserSignature(
            origin: String(decoding: text, as: UTF8.self),
            isSynced: flags.contains(.mayBeSynced)
        )
    }

    private static func check(_ member: JSONNode.Member) throws(SignatureError) {
        switch (member.name, member.node.content) {
        case ("crossOrigin", .bool(false)): break
        case ("crossOrigin", .bool(true)), ("topOrigin", _):
            throw SignatureError(
                .framed,
                "the passkey signed in a frame of another page; open the page by itself and sign"
            )
        case ("crossOrigin", _):
            throw clientDataError("have a crossOrigin that is neither true nor false")
        default: break
        }
    }

    private static func clientDataError(_ reason: String) -> SignatureError {
        SignatureError(.clientData, "the client data \(reason)")
    }
}

/// The flags of an authenticator (WebAuthn, Authenticator Data).
private struct Flags: OptionSet {
    let rawValue: UInt8

    static let present = Self(rawValue: 1 << 0)
    static let verified = Self(rawValue: 1 << 2)
    static let mayBeSynced = Self(rawValue: 1 << 3)
    static let isSynced = Self(rawValue: 1 << 4)

    func check(extensions: [UInt8]) throws(SignatureError) {
        guard contains(.present) else {
            throw SignatureError(.untouched, "the passkey was not touched when it signed")
        }
        guard contains(.verified) else {
            throw SignatureError(
                .unverifiedUser,
                "the passkey did not verify its user; the page has to ask for"
                    + #" `userVerification: "required"`, and the passkey needs a PIN or biometrics"#
            )
        }
        let known: Self = [.present, .verified, .mayBeSynced, .isSynced]
        guard subtracting(known).isEmpty, extensions.isEmpty else {
            throw SignatureError(
                .authenticatorFlags,
                "the passkey signed extensions, attested data or reserved flags; the page must not"
                    + " ask for extensions"
            )
        }
        guard contains(.mayBeSynced) || !contains(.isSynced) else {
            throw SignatureError(
                .authenticatorFlags,
                "the passkey says that it is synchronised and cannot be; use another one"
            )
        }
    }
}

/// base64 as WebAuthn has it: for URLs, without padding (RFC 4648, section 5).
enum Base64URL {
    static func encode(_ bytes: [UInt8]) -> String {
        String(
            Base64.encodeUnpadded(bytes).map { character in
                switch character {
                case "+": "-"
                case "/": "_"
                default: character
                }
            }
        )
    }
}
