import StrictJSON

/// The machines of an Azure jitNetworkAccessPolicies document, with what it says of their ports.
///
/// The policies may come in any shape that `AzurePolicies` knows.
package struct AzureDocument {
    struct Machine {
        /// Resource ids are compared without regard to case.
        let id: String
        var rules: [(rule: AzurePortRule, node: AzureNode)]

        /// The last part of the id; in a template's expression the last of its texts.
        var name: String {
            let isExpression = id.hasPrefix("[") && !id.hasPrefix("[[")
            let texts = id.split(separator: "'", omittingEmptySubsequences: false)
            guard isExpression, texts.count >= 3 else {
                return id.split(separator: "/").last.map(String.init) ?? id
            }
            let text = texts[texts.count - 2]
            return text.split(separator: "/").last.map(String.init) ?? id
        }
    }

    /// 1 MiB: a list over a large subscription.
    package static let sizeLimit = 1 << 20

    private(set) var machines: [Machine] = []
    /// The content that is not carried over, a line each.
    package private(set) var notes: [String] = []

    package init(parsing bytes: [UInt8]) throws(AzureError) {
        let root: AzureNode
        do throws(JSONSyntaxError) {
            root = AzureNode(try JSONNode.parse(AzureText.utf8(bytes)))
        } catch {
            throw AzureError(position: error.position, field: "", reason: error.reason)
        }
        var policies = AzurePolicies()
        try policies.read(root)
        notes = policies.notes
        for policy in policies.found { try take(policy: policy) }
        guard !machines.isEmpty else { throw root.error("no virtual machine is in here") }
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

    /// The keys that tell which resource it is, and nothing about ports.
    ///
    /// The second half is what templates and Resource Graph add.
    private static let resource: Set<String> = [
        "$schema", "apiversion", "etag", "id", "kind", "location", "name", "properties",
        "resourcegroup", "resourcegroupname", "systemdata", "tags", "type",
        "comments", "dependson", "extendedlocation", "identity", "managedby", "plan", "sku",
        "subscriptionid", "tenantid", "zones",
    ]
    private static let properties: Set<String> = [
        "provisioningstate", "requests", "virtualmachines",
    ]
    private static let rule: Set<String> = [
        "allowedsourceaddressprefix", "allowedsourceaddressprefixes", "maxrequestaccessduration",
        "number", "protocol",
    ]
}
