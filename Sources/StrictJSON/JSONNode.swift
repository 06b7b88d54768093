/// A position in a text: line and column count from 1, columns in bytes.
package struct JSONPosition: Hashable, Sendable {
    package let line: Int
    package let column: Int

    package init(line: Int, column: Int) {
        self.line = line
        self.column = column
    }
}

/// The reason that a text is not I-JSON (RFC 7493), and its position.
package struct JSONSyntaxError: Error, Hashable, Sendable, CustomStringConvertible {
    package let position: JSONPosition
    package let reason: String

    package var description: String {
        "line \(position.line), column \(position.column): \(reason)"
    }
}

/// A value with its position in the text, for error messages.
package struct JSONNode: Hashable, Sendable {
    package struct Member: Hashable, Sendable {
        package let name: String
        package let namePosition: JSONPosition
        package let node: JSONNode
    }

    package enum Content: Hashable, Sendable {
        case null
        case bool(Bool)
        case integer(Int64)
        case string(String)
        case array([JSONNode])
        case object([Member])
    }

    package let position: JSONPosition
    package let content: Content

    /// The limits of one text.
    package struct Limits: Sendable {
        package let bytes: Int
        package let depth: Int

        package init(bytes: Int, depth: Int) {
            self.bytes = bytes
            self.depth = depth
        }

        /// 1 MiB, nested at most 16 deep.
        package static let standard = Limits(bytes: 1 << 20, depth: 16)
    }

    /// The numbers that a text may have.
    package enum Numbers: Sendable {
        /// Whole ones of 64 bits; a text with others is refused.
        case whole
        /// All of RFC 8259; those that are not whole, or too large, become strings as they are written.
        case any
    }

    /// Parses one strict I-JSON text.
    ///
    /// Beyond RFC 8259 it refuses a byte order mark, invalid UTF-8, a repeated member name, a lone
    /// surrogate, U+0000 and, unless `numbers` says otherwise, a number with a fraction, an exponent
    /// or more than 64 bits.
    package static func parse(
        _ bytes: [UInt8],
        limits: Limits = .standard,
        numbers: Numbers = .whole
    ) throws(JSONSyntaxError) -> JSONNode {
        var reader = JSONReader(bytes: bytes, depthLimit: limits.depth, numbers: numbers)
        guard bytes.count <= limits.bytes else {
            throw reader.error("the text is longer than \(limits.bytes) bytes")
        }
        return try reader.document()
    }

    /// The value without positions.
    package var value: JSONValue {
        switch content {
        case .null: .null
        case .bool(let flag): .bool(flag)
        case .integer(let number): .integer(number)
        case .string(let text): .string(text)
        case .array(let items): .array(items.map(\.value))
        case .object(let members): .object(members.map { .init($0.name, $0.node.value) })
        }
    }
}
