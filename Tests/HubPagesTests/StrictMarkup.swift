/// An element of a page.
struct Element {
    let name: String
    let attributes: [(name: String, value: String)]
    var children: [Element] = []
    /// The text of the element itself, without that of its children.
    var text = ""

    subscript(name: String) -> String? { attributes.first { $0.name == name }?.value }

    /// The element and all within it, in the order of the page.
    var all: [Element] { [self] + children.flatMap(\.all) }

    func all(_ names: String...) -> [Element] { all.filter { names.contains($0.name) } }

    /// The names of elements and attributes with their order and depth, without any text.
    var skeleton: String {
        let names = attributes.map(\.name).joined(separator: ",")
        return "\(name)[\(names)](\(children.map(\.skeleton).joined()))"
    }

    var wholeText: String { text + children.map(\.wholeText).joined(separator: " ") }
}

struct MarkupFault: Error, CustomStringConvertible {
    let description: String
}

/// A parser that takes well-formed pages alone: each element is closed, each attribute is quoted and
/// stands once, and no character of the syntax stands in a text.
struct StrictMarkup {
    private static let entities = ["amp": "&", "lt": "<", "gt": ">", "quot": "\"", "#39": "'"]
    private var rest: Substring

    static func parse(_ bytes: [UInt8]) throws -> Element {
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw MarkupFault(description: "no UTF-8")
        }
        let beginning = "<!DOCTYPE html>\n"
        guard text.hasPrefix(beginning) else { throw MarkupFault(description: "no doctype") }
        var parser = StrictMarkup(rest: text.dropFirst(beginning.count))
        let root = try parser.element()
        guard parser.rest == "\n" else { throw parser.fault("something follows the page") }
        return root
    }

    private func fault(_ reason: String) -> MarkupFault {
        MarkupFault(description: "\(reason), before \(rest.prefix(80).debugDescription)")
    }

    private mutating func take(_ text: String) throws {
        guard rest.hasPrefix(text) else { throw fault("no \(text)") }
        rest = rest.dropFirst(text.count)
    }

    private mutating func name() throws -> String {
        let name = rest.prefix { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") }
        guard !name.isEmpty else { throw fault("no name") }
        rest = rest.dropFirst(name.count)
        return String(name)
    }

    private mutating func element() throws -> Element {
        try take("<")
        let name = try name()
        var attributes: [(name: String, value: String)] = []
        while rest.hasPrefix(" ") {
            rest = rest.dropFirst()
            let attribute = try self.name()
            guard !attributes.contains(where: { $0.name == attribute }) else {
                throw fault("\(attribute) is there twice")
            }
            try take("=\"")
            attributes.append((attribute, try text(until: "\"")))
            try take("\"")
        }
        var element = Element(name: name, attributes: attributes)
        if rest.hasPrefix("/>") {
            rest = rest.dropFirst(2)
            return element
        }
        try take(">")
        try content(of: &element)
        try take("</\(name)>")
        return element
    }

    private mutating func content(of element: inout Element) throws {
        while !rest.hasPrefix("</") {
            if rest.hasPrefix("<") {
                element.children.append(try self.element())
            } else {
                element.text += try text(until: "<")
            }
        }
    }

    private mutating func text(until end: Character) throws -> String {
        var text = ""
        while let character = rest.first, character != end {
            rest = rest.dropFirst()
            switch character {
            case "<", ">", "\"", "'": throw fault("a bare \(character)")
            case "&":
                let name = String(rest.prefix { $0 != ";" })
                guard let entity = Self.entities[name] else { throw fault("&\(name)") }
                text += entity
                rest = rest.dropFirst(name.count + 1)
            default:
                guard character.unicodeScalars.allSatisfy(Self.isHarmless) else {
                    throw fault("a character that nobody sees")
                }
                text.append(character)
            }
        }
        guard !rest.isEmpty else { throw fault("the page ends") }
        return text
    }

    private static func isHarmless(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control: scalar == "\n"
        case .format, .lineSeparator, .paragraphSeparator: false
        default: true
        }
    }
}
