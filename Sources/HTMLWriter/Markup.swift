import StrictJSON

/// A document of HTML and SVG that grows at its end.
///
/// Names come from this source code, and all text is escaped: nothing in a record can become
/// markup, and characters that hide or reorder text show as their codes.
package struct Markup {
    /// The attributes of an element in order, each once.
    package struct Attributes: ExpressibleByDictionaryLiteral, Sequence {
        private var pairs: [(StaticString, String)]

        package init(dictionaryLiteral pairs: (StaticString, String)...) {
            self.pairs = pairs
        }

        /// Adds an attribute, unless its value is `nil`.
        package mutating func add(_ name: StaticString, _ value: String?) {
            if let value { pairs.append((name, value)) }
        }

        /// Adds an attribute that is on or off.
        package mutating func add(_ name: StaticString, if isOn: Bool) {
            if isOn { pairs.append((name, "")) }
        }

        package func makeIterator() -> IndexingIterator<[(StaticString, String)]> {
            pairs.makeIterator()
        }
    }

    package private(set) var bytes: [UInt8] = []

    package init() {}

    /// Appends markup unchanged.
    package mutating func raw(_ markup: StaticString) {
        bytes += markup.description.utf8
    }

    package mutating func text(_ text: String) {
        guard !text.utf8.allSatisfy(Self.isPlain) else { return bytes += text.utf8 }
        for scalar in text.unicodeScalars { append(scalar) }
    }

    package mutating func append(_ other: Markup) {
        bytes += other.bytes
    }

    /// Appends an element with content.
    package mutating func element(
        _ name: StaticString,
        _ attributes: Attributes,
        _ content: (inout Markup) -> Void
    ) {
        open(name, attributes)
        bytes.append(UInt8(ascii: ">"))
        content(&self)
        bytes += "</\(name)>".utf8
    }

    /// Appends an element that contains only text.
    package mutating func element(_ name: StaticString, _ attributes: Attributes, _ text: String) {
        element(name, attributes) { $0.text(text) }
    }

    package mutating func element(_ name: StaticString, _ content: (inout Markup) -> Void) {
        element(name, [:], content)
    }

    package mutating func element(_ name: StaticString, _ text: String) {
        element(name, [:], text)
    }

    /// Appends an element without content, closed as SVG needs it and HTML allows it.
    package mutating func empty(_ name: StaticString, _ attributes: Attributes = [:]) {
        open(name, attributes)
        bytes += "/>".utf8
    }

    private mutating func open(_ name: StaticString, _ attributes: Attributes) {
        bytes += "<\(name)".utf8
        for (attribute, value) in attributes {
            bytes += " \(attribute)=\"".utf8
            text(value)
            bytes.append(UInt8(ascii: "\""))
        }
    }

    private mutating func append(_ scalar: Unicode.Scalar) {
        switch scalar {
        case "&": bytes += "&amp;".utf8
        case "<": bytes += "&lt;".utf8
        case ">": bytes += "&gt;".utf8
        case "\"": bytes += "&quot;".utf8
        case "'": bytes += "&#39;".utf8
        case "\n": bytes += " ".utf8
        case _ where scalar.isUnsafeToShow:
            bytes += "\\u{\(String(scalar.value, radix: 16))}".utf8
        default: bytes += UTF8.encode(scalar).map(Array.init) ?? []
        }
    }

    /// Returns whether a byte is printable ASCII that needs no escape.
    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "&"), UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "\""),
            UInt8(ascii: "'"):
            false
        default: (0x20...0x7E).contains(byte)
        }
    }
}
