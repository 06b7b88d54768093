import StrictJSON

/// Reads the fields of one JSON object, each once, and reports what is wrong with them.
package struct FieldReader {
    private let node: JSONNode
    private var members: [String: JSONNode] = [:]

    /// Checks first that the `jitgate` field says `kind`: the other fields of another kind mean
    /// nothing.
    package init(
        _ object: SignedObject,
        kind: String,
        fields known: [String]
    ) throws(GrantSyntaxError) {
        node = object.node
        for member in object.members where member.name == "jitgate" {
            self.members[member.name] = member.node
        }
        try expect(kind)
        for member in object.members where member.name != "jitgate" {
            guard known.contains(member.name) else {
                throw GrantSyntaxError(
                    code: .unknownField,
                    position: member.namePosition,
                    field: member.name.debugDescription,
                    reason: "no such field; the fields are \(known.joined(separator: ", "))"
                )
            }
            self.members[member.name] = member.node
        }
    }

    static func error(
        _ code: GrantSyntaxError.Code,
        _ node: JSONNode,
        _ field: String,
        _ reason: String
    ) -> GrantSyntaxError {
        GrantSyntaxError(code: code, position: node.position, field: field, reason: reason)
    }

    /// Returns true if the object has a field.
    package func has(_ name: String) -> Bool { members[name] != nil }

    /// A text field without control characters, of `count` characters; `nil` if it is absent.
    package func text(_ name: String, count: ClosedRange<Int>) throws(GrantSyntaxError) -> String? {
        guard let node = members[name] else { return nil }
        return try text(node, name, count: count)
    }

    private func text(
        _ node: JSONNode,
        _ field: String,
        count: ClosedRange<Int>
    ) throws(GrantSyntaxError) -> String {
        guard case .string(let text) = node.content else {
            throw Self.error(.wrongType, node, field, "this must be a string")
        }
        guard count.contains(text.unicodeScalars.count) else {
            let bounds = "\(count.lowerBound) to \(count.upperBound) characters"
            throw Self.error(.badLength, node, field, "this must have \(bounds)")
        }
        guard !text.unicodeScalars.contains(where: \.isUnsafeToShow) else {
            let reason = "control and invisible characters are not allowed"
            throw Self.error(.badValue, node, field, reason)
        }
        return text
    }

    /// A field that `Value` parses from its text; `nil` if it is absent.
    package func value<Value>(
        _ name: String,
        _ parse: (String) throws(TextError) -> Value
    ) throws(GrantSyntaxError) -> Value? {
        guard let node = members[name] else { return nil }
        return try value(node, name, parse)
    }

    private func value<Value>(
        _ node: JSONNode,
        _ field: String,
        _ parse: (String) throws(TextError) -> Value
    ) throws(GrantSyntaxError) -> Value {
        let text = try text(node, field, count: 1...1024)
        do {
            return try parse(text)
        } catch {
            throw Self.error(.badValue, node, field, error.description)
        }
    }

    /// An array of texts of one form, none of them twice.
    package func values<Value: Hashable>(
        _ name: String,
        count: ClosedRange<Int>,
        _ parse: (String) throws(TextError) -> Value
    ) throws(GrantSyntaxError) -> [Value] {
        let node = try required(members[name], name)
        guard case .array(let items) = node.content else {
            throw Self.error(.wrongType, node, name, "this must be an array of strings")
        }
        guard count.contains(items.count) else {
            let bounds = "\(count.lowerBound) to \(count.upperBound) entries"
            throw Self.error(.badLength, node, name, "this must have \(bounds)")
        }
        var values: [Value] = []
        var seen = Set<Value>()
        for (index, item) in items.enumerated() {
            let value = try value(item, "\(name)[\(index)]", parse)
            guard seen.insert(value).inserted else {
                throw Self.error(.badValue, item, "\(name)[\(index)]", "this is there twice")
            }
            values.append(value)
        }
        return values
    }

    /// A field that can only be `true`; `false` if it is absent.
    package func flag(_ name: String) throws(GrantSyntaxError) -> Bool {
        guard let node = members[name] else { return false }
        guard case .bool(true) = node.content else {
            throw Self.error(.wrongType, node, name, "this must be true, or be left out")
        }
        return true
    }

    /// The error of a field, or of the object if it is absent.
    package func error(
        _ code: GrantSyntaxError.Code,
        _ name: String,
        _ reason: String
    ) -> GrantSyntaxError {
        Self.error(code, members[name] ?? node, name, reason)
    }

    package func required<Value>(
        _ value: Value?,
        _ name: String
    ) throws(GrantSyntaxError) -> Value {
        guard let value else {
            throw Self.error(.missingField, node, name, "this field is required")
        }
        return value
    }

    /// Checks the `jitgate` field, which names the kind of the object.
    private func expect(_ kind: String) throws(GrantSyntaxError) {
        let found = try required(try text("jitgate", count: 0...1024), "jitgate")
        guard found == kind else {
            throw Self.error(
                .badValue,
                members["jitgate"] ?? node,
                "jitgate",
                "this is signed as a \(kind), so it must say \"\(kind)\", not \(found.debugDescription)"
            )
        }
    }
}
