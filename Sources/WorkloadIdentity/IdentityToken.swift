import Grants
import StrictJSON

/// The reason why a token, or a set of keys, proves nothing.
package struct IdentityError: Error, Hashable, Sendable, CustomStringConvertible {
    package let description: String

    package init(_ description: String) {
        self.description = description
    }
}

/// A JSON web token (RFC 7519) whose signature nobody has checked yet.
package struct IdentityToken: Sendable {
    /// The longest token, in bytes.
    package static let limit = 16 << 10

    /// The algorithms by which services of continuous integration sign; no others count.
    enum Algorithm: String {
        case rs256 = "RS256"
        case es256 = "ES256"
    }

    let text: String
    let algorithm: Algorithm
    /// The key that the token names.
    let keyID: String
    /// The claims, of which none is proved.
    let claims: JSONValue

    /// Reads a token; blanks around it do not count.
    package init(parsing evidence: String) throws(IdentityError) {
        let bytes = Array(evidence.utf8)
        guard bytes.count <= Self.limit else {
            throw IdentityError("the token is longer than \(Self.limit) bytes")
        }
        let words = bytes.split { [0x20, 0x09, 0x0A, 0x0D].contains($0) }
        let parts = words.first?.split(
            separator: UInt8(ascii: "."),
            omittingEmptySubsequences: false
        )
        guard words.count == 1, let parts, parts.count == 3 else {
            throw IdentityError("the evidence is not one token of three parts")
        }
        text = String(decoding: words[0], as: UTF8.self)
        let header = try Self.object(parts[0], "header")
        guard let name = header["alg"]?.text, let algorithm = Algorithm(rawValue: name) else {
            throw IdentityError("the token is signed neither by RS256 nor by ES256")
        }
        // An extension that must be understood, and is not.
        guard header["crit"] == nil, let keyID = header["kid"]?.text, !keyID.isEmpty else {
            throw IdentityError("the header of the token names no key, or needs an extension")
        }
        (self.algorithm, self.keyID) = (algorithm, keyID)
        claims = try Self.object(parts[1], "payload")
    }

    /// A part of the token: an object, in which no name is there twice.
    private static func object(
        _ part: ArraySlice<UInt8>,
        _ name: String
    ) throws(IdentityError) -> JSONValue {
        guard let bytes = Base64URL.decode(part) else {
            throw IdentityError("the \(name) of the token is no base64url")
        }
        let limits = JSONNode.Limits(bytes: limit, depth: 16)
        guard let value = try? JSONNode.parse(bytes, limits: limits, numbers: .any).value,
            case .object = value
        else { throw IdentityError("the \(name) of the token is no I-JSON object") }
        return value
    }
}

/// Base64 for URLs, without padding (RFC 4648, section 5).
enum Base64URL {
    /// The bytes of a text; `nil` if it is none.
    static func decode(_ text: some Collection<UInt8>) -> [UInt8]? {
        let mapped = text.map { byte in
            switch byte {
            case UInt8(ascii: "-"): UInt8(ascii: "+")
            case UInt8(ascii: "_"): UInt8(ascii: "/")
            // What only the other alphabet has is made invalid.
            case UInt8(ascii: "+"), UInt8(ascii: "/"), UInt8(ascii: "="): UInt8(ascii: "!")
            default: byte
            }
        }
        let padding = [UInt8](repeating: UInt8(ascii: "="), count: (4 - mapped.count % 4) % 4)
        return Base64.decode(mapped + padding)
    }
}
