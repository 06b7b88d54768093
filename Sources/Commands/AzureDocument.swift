import StrictJSON

/// The machines of an Azure jitNetworkAccessPolicies document, with what it says of their ports.
///
/// One policy as ARM gives it, a list of them under `value`, or the same as `az security
/// jit-policy` prints it: a bare array, and `properties` flattened into the policy.
struct AzureDocument {
    struct Machine {
        /// Resource ids are compared without regard to case.
        let id: String
        var rules: [(rule: AzurePortRule, node: AzureNode)]

        /// The last part of the id.
        var name: String { id.split(separator: "/").last.map(String.init) ?? id }
    }

    /// 1 MiB: a list over a large subscription.
    static let sizeLimit = 1 << 20

    private(set) var machines: [Machine] = []
    /// What is there and not carried over, a line each.
    private(set) var notes: [String] = []

    init(parsing bytes: [UInt8]) throws(AzureError) {
        let root: AzureNode
        do throws(JSONSyntaxError) {
            root = AzureNode(try JSONNode.parse(bytes))
        } catch {
            throw AzureError(position: error.position, field: "", reason: error.reason)
        }
        for policy in try policies(root) { try take(policy: policy) }
        guard !machines.isEmpty else { throw root.error("no virtual machine is in here") }
    }

    private mutating func policies(_ root: AzureNode) throws(AzureError) -> [AzureNode] {
        if root.isArray { return try root.items() }
        guard let list = try root.member("value") else { return [root] }
        if try root.member("nextLink") != nil {
            notes.append("nextLink: the list goes on elsewhere, and what is there is not in here")
        }
        return try list.items()
    }

    private mutating func take(policy: AzureNode) throws(AzureError) {
        let nested = try policy.member("properties")
        try noteStrangers(
            policy,
            known: nested == nil ? Self.resource.union(Self.properties) : Self.resource
        )
        let body = nested ?? policy
        if nested != nil { try noteStrangers(body, known: Self.properties) }
        if let requests = try body.member("requests"), try !requests.items().isEmpty {
            notes.append("\(requests.path): past requests are history; a grant is signed anew")
        }
        if let state = try body.member("provisioningState"), try state.text() != "Succeeded" {
            notes.append("\(state.path): Azure itself has not put this policy in force")
        }
        for machine in try body.required("virtualMachines").items() { try take(machine: machine) }
    }

    private mutating func take(machine node: AzureNode) throws(AzureError) {
        try noteStrangers(node, known: ["id", "ports"])
        let id = try node.required("id").text()
        var rules: [(rule: AzurePortRule, node: AzureNode)] = []
        for port in try node.required("ports").items() {
            try noteStrangers(port, known: Self.rule)
            let rule = try AzurePortRule(port)
            if rule.isOneFamily {
                notes.append("\(port.path): everyone of one IP version is taken for everyone")
            }
            rules.append((rule, port))
        }
        if let known = machines.firstIndex(where: { $0.id.lowercased() == id.lowercased() }) {
            machines[known].rules += rules
        } else {
            machines.append(Machine(id: id, rules: rules))
        }
    }

    private mutating func noteStrangers(
        _ node: AzureNode,
        known: Set<String>
    ) throws(AzureError) {
        for (name, member) in try node.members() where !known.contains(name) {
            notes.append("\(member.path): not carried over")
        }
    }

    /// What says which resource it is, and nothing about ports.
    private static let resource: Set<String> = [
        "$schema", "apiVersion", "etag", "id", "kind", "location", "name", "properties",
        "resourceGroup", "systemData", "tags", "type",
    ]
    private static let properties: Set<String> = [
        "provisioningState", "requests", "virtualMachines",
    ]
    private static let rule: Set<String> = [
        "allowedSourceAddressPrefix", "allowedSourceAddressPrefixes", "maxRequestAccessDuration",
        "number", "protocol",
    ]
}
