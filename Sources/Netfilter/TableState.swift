/// A table as it is in the kernel, without the elements of its sets.
package struct TableState: Hashable, Sendable {
    /// The generation of the whole ruleset that this was read from.
    package var generation: UInt32
    package var flags: UInt32
    /// The netlink port of the socket that owns it.
    package var owner: UInt32?
    /// The number of its chains, sets and other objects: more than were read means unknown ones.
    package var objectCount: UInt32
    package var chains: [ChainState] = []
    package var sets: [SetState] = []

    package init(generation: UInt32, flags: UInt32, owner: UInt32?, objectCount: UInt32) {
        self.generation = generation
        self.flags = flags
        self.owner = owner
        self.objectCount = objectCount
    }
}

/// A chain of a table, with its rules.
package struct ChainState: Hashable, Sendable {
    package let name: String
    /// The hook of a base chain, or none.
    package let place: Place
    package var rules: [RuleState] = []

    package enum Place: Hashable, Sendable {
        /// Only jumped to.
        case inside
        /// A base chain of ours: a filter that accepts.
        case at(Hook)
        /// A base chain that we would not have made.
        case elsewhere
    }

    package init(name: String, place: Place, rules: [RuleState] = []) {
        self.name = name
        self.place = place
        self.rules = rules
    }
}

/// A rule; `nil` where there is anything that we would not have written.
package typealias RuleState = [Expression]?

/// A set of a table.
package struct SetState: Hashable, Sendable {
    package let name: String
    /// `nil` if it is of a kind that we would not have made.
    package let definition: SetDefinition?

    package init(name: String, definition: SetDefinition?) {
        self.name = name
        self.definition = definition
    }
}

/// An element of a set.
package struct ElementState: Hashable, Sendable {
    package let key: [UInt8]
    /// True if it is the first key behind a range, in a set of ranges.
    package let endsInterval: Bool
    /// Milliseconds until it goes away; `nil` for ever.
    package let remaining: UInt64?
    package let traffic: Traffic

    package init(
        key: [UInt8],
        endsInterval: Bool = false,
        remaining: UInt64?,
        traffic: Traffic
    ) {
        self.key = key
        self.endsInterval = endsInterval
        self.remaining = remaining
        self.traffic = traffic
    }
}
