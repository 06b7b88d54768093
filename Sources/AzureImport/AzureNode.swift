package import StrictJSON

/// The reason that an Azure document cannot be turned into a policy, with its place.
package struct AzureError: Error, Hashable, CustomStringConvertible {
    package let position: JSONPosition
    /// Such as `properties.virtualMachines[0].ports[1].protocol`; empty for the whole.
    let field: String
    let reason: String

    /// `LINE:COLUMN: FIELD: REASON`, to stand behind the name of the file and a colon.
    package var description: String {
        let subject = field.isEmpty ? "" : "\(field): "
        return "\(position.line):\(position.column): \(subject)\(reason)"
    }
}

/// A value of an Azure document that knows its own name; null and missing are the same.
///
/// The names of members are compared without regard to case, as PowerShell writes them with capitals.
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

    /// The members by their names in lower case, none of them twice.
    func members() throws(AzureError) -> [(name: String, node: AzureNode)] {
        guard case .object(let members) = node.content else {
            throw error("this must be an object\(Self.advice(node))")
        }
        var known = Set<String>()
        var found: [(name: String, node: AzureNode)] = []
        for member in members where member.node.content != .null {
            let name = path.isEmpty ? member.name : "\(path).\(member.name)"
            let node = AzureNode(member.node, path: name)
            guard known.insert(member.name.lowercased()).inserted else {
                throw node.error("this is there twice, with other capitals")
            }
            found.append((member.name.lowercased(), node))
        }
        return found
    }

    func member(_ name: String) throws(AzureError) -> AzureNode? {
        try members().first { $0.name == name.lowercased() }?.node
    }

    /// The likely origin of a text in place of something larger.
    private static func advice(_ node: JSONNode) -> String {
        guard case .string(let text) = node.content else { return "" }
        return text.hasPrefix("Microsoft.Azure.") || text.hasPrefix("@{")
            || text == "System.Object[]"
            ? "; PowerShell cut it off: ConvertTo-Json -Depth 9" : ""
    }

    func required(_ name: String) throws(AzureError) -> AzureNode {
        guard let member = try member(name) else { throw error("`\(name)` is missing") }
        return member
    }

    var isObject: Bool {
        if case .object = node.content { true } else { false }
    }

    var isArray: Bool {
        if case .array = node.content { true } else { false }
    }

    func items() throws(AzureError) -> [AzureNode] {
        guard case .array(let items) = node.content else {
            throw error("this must be an array\(Self.advice(node))")
        }
        return items.enumerated().map { AzureNode($1, path: "\(path)[\($0)]") }
    }

    func text() throws(AzureError) -> String {
        guard case .string(let text) = node.content else { throw error("this must be a string") }
        return text
    }

    /// A whole number, also one in quotes, as many scripts send it and Azure keeps it.
    func number() throws(AzureError) -> Int64 {
        switch node.content {
        case .integer(let number): return number
        case .string(let text):
            if let number = Int64(text), String(number) == text { return number }
        default: break
        }
        throw error("this must be a whole number")
    }
}
