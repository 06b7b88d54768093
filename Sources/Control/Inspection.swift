package import StrictJSON

/// What only the agent can see of the kernel: the answer to Inspect.
package struct Inspection: WireValue {
    /// A base chain of another tool that packets to this host go through.
    package struct Chain: WireValue {
        /// `ip`, `ip6`, `inet` or `netdev`.
        package var family: String
        package var table: String
        package var name: String
        /// `prerouting`, `input` or `ingress`.
        package var hook: String
        package var priority: Int
        /// Whether packets that no rule of it takes are dropped.
        package var drops: Bool
        /// `filter`, `nat` or `route`.
        package var type: String

        package init(
            family: String,
            table: String,
            name: String,
            hook: String,
            priority: Int,
            drops: Bool,
            type: String
        ) {
            self.family = family
            self.table = table
            self.name = name
            self.hook = hook
            self.priority = priority
            self.drops = drops
            self.type = type
        }
    }

    /// Which protection of the table this kernel gives.
    package var rung: String
    /// `nil` where they could not be read.
    package var chains: [Chain]?

    package init(rung: String, chains: [Chain]?) {
        self.rung = rung
        self.chains = chains
    }

    package init(from value: JSONValue) throws(WireError) {
        let object = try WireObject(value)
        rung = try object.text("rung")
        guard let items = try object.optional("chains", \.items) else { return }
        var found: [Chain] = []
        for item in items { found.append(try Chain(from: item)) }
        chains = found
    }

    package var jsonValue: JSONValue {
        let list = chains.map { JSONValue.array($0.map(\.jsonValue)) }
        return ["rung": .string(rung), "chains": list ?? .null]
    }
}

extension Inspection.Chain {
    package init(from value: JSONValue) throws(WireError) {
        let object = try WireObject(value)
        self.init(
            family: try object.text("family"),
            table: try object.text("table"),
            name: try object.text("name"),
            hook: try object.text("hook"),
            priority: Int(try object.number("priority")),
            drops: try object.required("drops", \.flag),
            type: try object.text("type")
        )
    }

    package var jsonValue: JSONValue {
        [
            "family": .string(family),
            "table": .string(table),
            "name": .string(name),
            "hook": .string(hook),
            "priority": .integer(Int64(priority)),
            "drops": .bool(drops),
            "type": .string(type),
        ]
    }
}
