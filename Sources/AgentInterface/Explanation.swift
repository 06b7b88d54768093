package import StrictJSON
package import Varlink

/// Whether a packet would pass now, and by what: the answer to Explain.
package struct Explanation: VarlinkCodable {
    /// What decides over a packet.
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

    /// What the table in the kernel says of the same packet.
    package enum Kernel: String, Hashable, Sendable, CaseIterable {
        case agrees
        case differs
        /// It could not be read.
        case unknown
    }

    package var passes: Bool
    /// `observe` or `enforce`.
    package var mode: String
    package var rule: Rule
    /// The trusted network, or the source of the opening, that covers it.
    package var network: String?
    /// The grants that hold that opening.
    package var grants: [String]
    /// RFC 3339; when the last of them ends.
    package var until: String?
    package var kernel: Kernel
    /// The chain of another tool that drops it all the same.
    package var droppedBy: String? {
        didSet { passes = passes && droppedBy == nil }
    }
    /// Chains of other tools that drop it unless something is so that only they know.
    package var mayBeDroppedBy: [String] = []

    package init(
        mode: String,
        rule: Rule,
        network: String? = nil,
        grants: [String] = [],
        until: String? = nil
    ) {
        passes = rule != .denied
        self.mode = mode
        self.rule = rule
        self.network = network
        self.grants = grants
        self.until = until
        kernel = .unknown
    }

    package init(from value: JSONValue) throws(MemberError) {
        let object = try VarlinkObject(value)
        passes = try object.required("passes", \.flag)
        mode = try object.text("mode")
        rule = try object.required("rule") { $0.text.flatMap(Rule.init) }
        network = try object.optionalText("network")
        grants = try object.texts("grants")
        until = try object.optionalText("until")
        kernel = try object.required("kernel") { $0.text.flatMap(Kernel.init) }
        droppedBy = try object.optionalText("dropped_by")
        mayBeDroppedBy = try object.optional("may_be_dropped_by", \.texts) ?? []
    }

    package var jsonValue: JSONValue {
        [
            "passes": .bool(passes),
            "mode": .string(mode),
            "rule": .string(rule.rawValue),
            "network": JSONValue(network),
            "grants": JSONValue(texts: grants),
            "until": JSONValue(until),
            "kernel": .string(kernel.rawValue),
            "dropped_by": JSONValue(droppedBy),
            "may_be_dropped_by": JSONValue(texts: mayBeDroppedBy),
        ]
    }
}
