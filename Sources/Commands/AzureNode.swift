import StrictJSON

/// Why an Azure document cannot be turned into a policy: what, where and why.
struct AzureError: Error, Hashable, CustomStringConvertible {
    let position: JSONPosition
    /// Such as `properties.virtualMachines[0].ports[1].protocol`; empty for the whole.
    let field: String
    let reason: String

    /// `LINE:COLUMN: FIELD: REASON`, to stand behind the name of the file and a colon.
    var description: String {
        let subject = field.isEmpty ? "" : "\(field): "
        return "\(position.line):\(position.column): \(subject)\(reason)"
    }
}

/// A value of an Azure document that knows its own name; null and missing are the same.
struct AzureNode {
    let path: String
    private let node: JSONNode

    init(_ node: JSONNode, path: String = "") {
        self.node = node
        self.path = path
    }

    func error(_ reason: String) -> AzureError {
        AzureError(position: node.position, field: path, reason: reason)
    }

    func members() throws(AzureError) -> [(name: String, node: AzureNode)] {
        guard case .object(let members) = node.content else {
            throw error("this must be an object")
        }
        return members.filter { $0.node.content != .null }.map { member in
            let name = path.isEmpty ? member.name : "\(path).\(member.name)"
            return (member.name, AzureNode(member.node, path: name))
        }
    }

    func member(_ name: String) throws(AzureError) -> AzureNode? {
        try members().first { $0.name == name }?.node
    }

    func required(_ name: String) throws(AzureError) -> AzureNode {
        guard let member = try member(name) else { throw error("`\(name)` is missing") }
        return member
    }

    var isArray: Bool {
        if case .array = node.content { true } else { false }
    }

    func items() throws(AzureError) -> [AzureNode] {
        guard case .array(let items) = node.content else { throw error("this must be an array") }
        return items.enumerated().map { AzureNode($1, path: "\(path)[\($0)]") }
    }

    func text() throws(AzureError) -> String {
        guard case .string(let text) = node.content else { throw error("this must be a string") }
        return text
    }

    func number() throws(AzureError) -> Int64 {
        guard case .integer(let number) = node.content else {
            throw error("this must be a whole number")
        }
        return number
    }
}
