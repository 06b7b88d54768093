package import Grants
package import Signatures
import StrictJSON

/// The content of a signed login: the hub as the person typed it, and a nonce of that hub.
package struct LoginDocument: HubDocument {
    /// The URL of the hub, without a slash at its end.
    package let url: String
    package let nonce: String

    package init(url: String, nonce: String) {
        (self.url, self.nonce) = (url, nonce)
    }
}

extension LoginDocument {
    package static let kind = "login/1"
    package static let namespace = SignatureNamespace.login

    package init(_ object: SignedObject) throws(GrantSyntaxError) {
        let fields = try FieldReader(object, kind: Self.kind, fields: ["url", "nonce"])
        self.init(
            url: try fields.required(fields.value("url", Self.url), "url"),
            nonce: try fields.required(fields.value("nonce", Self.nonce), "nonce")
        )
    }

    package func payload() -> [UInt8] {
        let object: JSONValue = [
            "jitgate": .string(Self.kind), "url": .string(url), "nonce": .string(nonce),
        ]
        return object.prettyEncoded() + [UInt8(ascii: "\n")]
    }

    /// Checks that a text is the URL of a hub: scheme, host, port and path, and nothing else.
    package static func url(_ text: String) throws(TextError) -> String {
        let schemes = ["https://", "http://"]
        guard let scheme = schemes.first(where: { text.utf8.starts(with: $0.utf8) }),
            text.utf8.count > scheme.utf8.count, text.utf8.last != UInt8(ascii: "/"),
            text.utf8.dropFirst(scheme.utf8.count).first != UInt8(ascii: "/"),
            text.utf8.allSatisfy(\.isURLByte)
        else {
            throw TextError(
                "this is no URL of a hub, such as https://hub.example.com, without a slash at its end"
            )
        }
        return text
    }

    private static func nonce(_ text: String) throws(TextError) -> String {
        guard (16...128).contains(text.utf8.count), text.utf8.allSatisfy(\.isNonceByte) else {
            throw TextError("a nonce has 16 to 128 of A-Z, a-z, 0-9, - and _")
        }
        return text
    }
}

extension UInt8 {
    private var isLetterOrDigit: Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(self)
            || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(self)
            || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self)
    }

    fileprivate var isNonceByte: Bool { isLetterOrDigit || "-_".utf8.contains(self) }

    /// True for what may stand in a host with its port, or in a path: no user, query or fragment.
    fileprivate var isURLByte: Bool { isLetterOrDigit || "-._~:/[]%".utf8.contains(self) }
}
