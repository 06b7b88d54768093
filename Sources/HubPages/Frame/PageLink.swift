/// A link within the hub: a path of words and a query.
package struct PageLink: Hashable, Sendable {
    private let path: String
    private var query: [(name: String, value: String)] = []

    /// The link `/WORD/WORD…`; each word is escaped.
    package init(_ words: String...) {
        path = "/" + words.map(Self.escaped).joined(separator: "/")
    }

    package static func request(_ id: String) -> PageLink { PageLink("requests", id) }
    package static func host(_ name: String) -> PageLink { PageLink("hosts", name) }

    /// The link with a parameter; without it if the value is empty.
    package func with(_ name: String, _ value: String?) -> PageLink {
        guard let value, !value.isEmpty else { return self }
        var link = self
        link.query.append((name, value))
        return link
    }

    package var text: String {
        guard !query.isEmpty else { return path }
        let pairs = query.map { "\(Self.escaped($0.name))=\(Self.escaped($0.value))" }
        return "\(path)?\(pairs.joined(separator: "&"))"
    }

    /// The text with every byte but RFC 3986's unreserved ones percent-encoded.
    private static func escaped(_ text: String) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var bytes: [UInt8] = []
        for byte in text.utf8 {
            if byte.isUnreserved {
                bytes.append(byte)
            } else {
                bytes += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    package static func == (left: Self, right: Self) -> Bool { left.text == right.text }
    package func hash(into hasher: inout Hasher) { hasher.combine(text) }
}

extension UInt8 {
    fileprivate var isUnreserved: Bool {
        switch self {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."),
            UInt8(ascii: "_"), UInt8(ascii: "~"):
            true
        default: false
        }
    }
}
