package import StrictJSON
package import Varlink

/// The view of the kernel that only the agent has: the answer to Inspect.
package struct Inspection: VarlinkCodable {
    /// A base chain of another tool that packets to this host go through.
    package struct Chain: VarlinkCodable {
        /// `ip`, `ip6`, `inet` or `netdev`.
        package var family: String
        package var table: String
        package var name: String
        /// `prerouting`, `input` or `ingress`.
        package var hook: String
        package var priority: Int
        /// True if packets that no rule of it takes are dropped.
        package var drops: Bool
        /// `filter`, `nat` or `route`.
        package var type: String
        /// One fate for each protected port; `nil` where the rules could not be read.
        package var fates: [Fate]?

        package init(
            family: String,
            table: String,
            name: String,
            hook: String,
            priority: Int,
            drops: Bool,
            type: String,
            fates: [Fate]? = nil
        ) {
            self.family = family
            self.table = table
            self.name = name
            self.hook = hook
            self.priority = priority
            self.drops = drops
            self.type = type
            self.fates = fates
        }
    }

    /// The fate of a packet that opens a connection to a protected port, in one chain.
    package struct Fate: VarlinkCodable {
        package enum End: String, Hashable, Sendable, CaseIterable {
            case passes, mayDrop, mayPass, drops
        }

        /// `22/tcp`.
        package var port: String
        package var end: End
        /// The chain whose rule drops it; `nil` for the policy of the base chain.
        package var droppedIn: String?
        /// The port it is, or may be, rewritten to.
        package var rewrittenTo: Int?
        package var rewrittenIn: String?

        package init(
            _ port: String,
            _ end: End,
            droppedIn: String? = nil,
            rewrittenTo: Int? = nil,
            rewrittenIn: String? = nil
        ) {
            self.port = port
            self.end = end
            self.droppedIn = droppedIn
            self.rewrittenTo = rewrittenTo
            self.rewrittenIn = rewrittenIn
        }
    }

    /// The protection of the table that this kernel gives.
    package var tableOwnership: String
    /// `nil` where they could not be read.
    package var chains: [Chain]?
    /// Other ways around the gate; `nil` where some could not be read.
    package var detours: [Detour]?

    package init(tableOwnership: String, chains: [Chain]?, detours: [Detour]? = []) {
        self.tableOwnership = tableOwnership
        self.chains = chains
        self.detours = detours
    }

    package static let members = [
        VarlinkMember("table_ownership", "string"),
        VarlinkMember("chains", "?[]Chain", "Null where they could not be read"),
        VarlinkMember("detours", "?[]Detour", "Null where not all of them could be read"),
    ]

    package init(from value: JSONValue) throws(VarlinkError) {
        let object = try VarlinkObject(value)
        tableOwnership = try object.text("table_ownership")
        chains = try object.optionalList("chains")
        detours = try object.optionalList("detours")
    }

    package var jsonValue: JSONValue {
        let list = chains.map { JSONValue.array($0.map(\.jsonValue)) }
        let others = detours.map { JSONValue.array($0.map(\.jsonValue)) }
        return [
            "table_ownership": .string(tableOwnership), "chains": list ?? .null,
            "detours": others ?? .null,
        ]
    }
}

extension Inspection.Chain {
    package static let members = [
        VarlinkMember("family", "string", "ip, ip6, inet or netdev"),
        VarlinkMember("table", "string"),
        VarlinkMember("name", "string"),
        VarlinkMember("hook", "string", "prerouting, input or ingress"),
        VarlinkMember("priority", "int"),
        VarlinkMember("drops", "bool", "Whether packets that no rule of it takes are dropped"),
        VarlinkMember("type", "string", "filter, nat or route"),
        VarlinkMember(
            "fates",
            "?[]Fate",
            "One for each protected port; null where the rules could not be read"
        ),
    ]

    package init(from value: JSONValue) throws(VarlinkError) {
        let object = try VarlinkObject(value)
        self.init(
            family: try object.text("family"),
            table: try object.text("table"),
            name: try object.text("name"),
            hook: try object.text("hook"),
            priority: Int(try object.number("priority")),
            drops: try object.required("drops", \.flag),
            type: try object.text("type")
        )
        fates = try object.optionalList("fates")
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
            "fates": fates.map { .array($0.map(\.jsonValue)) } ?? .null,
        ]
    }
}

extension Inspection.Fate {
    package static let members = [
        VarlinkMember("port", "string", "Such as 22/tcp"),
        VarlinkMember(
            "end",
            oneOf: End.self,
            """
            By what differs from packet to packet (source, interface, …): passes from everywhere,
            may be dropped, is dropped with exceptions, is dropped from everywhere
            """
        ),
        VarlinkMember(
            "dropped_in",
            "?string",
            "The chain whose rule drops it; null for the policy of the base chain"
        ),
        VarlinkMember("rewritten_to", "?int", "The port it is, or may be, rewritten to"),
        VarlinkMember("rewritten_in", "?string"),
    ]

    package init(from value: JSONValue) throws(VarlinkError) {
        let object = try VarlinkObject(value)
        self.init(
            try object.text("port"),
            try object.choice("end"),
            droppedIn: try object.optionalText("dropped_in"),
            rewrittenTo: try object.optionalCount("rewritten_to"),
            rewrittenIn: try object.optionalText("rewritten_in")
        )
    }

    package var jsonValue: JSONValue {
        [
            "port": .string(port),
            "end": .string(end.rawValue),
            "dropped_in": droppedIn.map { .string($0) } ?? .null,
            "rewritten_to": rewrittenTo.map { .integer(Int64($0)) } ?? .null,
            "rewritten_in": rewrittenIn.map { .string($0) } ?? .null,
        ]
    }
}
