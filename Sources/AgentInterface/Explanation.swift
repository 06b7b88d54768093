package import Admission
package import Grants
package import StrictJSON
package import Varlink

/// The answer to Explain: if a packet would pass now, and by what.
package struct Explanation: VarlinkCodable {
    package static let members = [
        VarlinkMember("passes", "bool"),
        VarlinkMember("mode", oneOf: Mode.self),
        VarlinkMember("rule", oneOf: Rule.self, "What decides"),
        VarlinkMember(
            "network",
            "?string",
            "The trusted network, or the source of the opening, that covers it"
        ),
        VarlinkMember("grants", "[]string", "The grants that hold that opening"),
        VarlinkMember("until", "?string", "When the last of them ends"),
        VarlinkMember(
            "kernel",
            oneOf: Kernel.self,
            "What the kernel's own table says of it; unknown where it could not be read"
        ),
        VarlinkMember(
            "dropped_by",
            "?string",
            "The chain of another tool that drops it all the same; passes is false then"
        ),
        VarlinkMember(
            "may_be_dropped_by",
            "[]string",
            "Chains of other tools that drop it unless something is so that only they know"
        ),
    ]

    /// The rule that decides about a packet.
    package enum Rule: String, Hashable, Sendable, CaseIterable {
        /// The port is not protected.
        case unprotected
        /// It comes from this host itself.
        case loopback
        /// A network that is never denied covers it.
        case trusted
        case grant
        /// Nothing covers it, and the mode is observe.
        case observe
        case denied
    }

    /// The word of the table in the kernel about the same packet.
    package enum Kernel: String, Hashable, Sendable, CaseIterable {
        case agrees
        case differs
        /// It could not be read.
        case unknown
    }

    package var passes: Bool
    package var mode: Mode
    package var rule: Rule
    /// The trusted network, or the source of the opening, that covers it.
    package var network: Prefix?
    /// The grants that hold that opening.
    package var grants: [GrantID]
    /// The moment at which the last of them ends.
    package var until: Moment?
    package var kernel: Kernel
    /// The chain of another tool that drops it all the same.
    package var droppedBy: String? {
        didSet { passes = passes && droppedBy == nil }
    }
    /// Chains of other tools that drop it unless something is so that only they know.
    package var mayBeDroppedBy: [String] = []

    package init(
        mode: Mode,
        rule: Rule,
        network: Prefix? = nil,
        grants: [GrantID] = [],
        until: Moment? = nil
    ) {
        passes = rule != .denied
        self.mode = mode
        self.rule = rule
        self.network = network
        self.grants = grants
        self.until = until
        kernel = .unknown
    }

    package init(from value: JSONValue) throws(VarlinkError) {
        let object = try VarlinkObject(value)
        passes = try object.required("passes", \.flag)
        mode = try object.choice("mode")
        rule = try object.choice("rule")
        network = try object.optionalValue("network", Prefix.init(parsing:))
        grants = try object.values("grants", GrantID.init(parsing:))
        until = try object.optionalValue("until", Moment.init(parsing:))
        kernel = try object.choice("kernel")
        droppedBy = try object.optionalText("dropped_by")
        mayBeDroppedBy = try object.optional("may_be_dropped_by", \.texts) ?? []
    }

    package var jsonValue: JSONValue {
        [
            "passes": .bool(passes),
            "mode": .string(mode.rawValue),
            "rule": .string(rule.rawValue),
            "network": JSONValue(text: network),
            "grants": JSONValue(texts: grants),
            "until": JSONValue(text: until),
            "kernel": .string(kernel.rawValue),
            "dropped_by": JSONValue(droppedBy),
            "may_be_dropped_by": JSONValue(texts: mayBeDroppedBy),
        ]
    }
}
