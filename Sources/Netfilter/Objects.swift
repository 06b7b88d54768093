/// A base chain's place in the packet's way; `nil` for a chain that is only jumped to.
package struct Hook: Hashable, Sendable {
    /// A hook of the IP families (linux/netfilter.h, enum nf_inet_hooks).
    package enum Point: UInt32, Hashable, Sendable {
        case prerouting = 0
        case input = 1
        case forward = 2
        case output = 3
    }

    package let point: Point
    /// Lower comes first.
    package let priority: Int32

    package init(_ point: Point, priority: Int32) {
        self.point = point
        self.priority = priority
    }
}

/// A set of a table.
package struct SetDefinition: Hashable, Sendable {
    /// The kinds of elements that a set can have.
    package enum Kind: Hashable, Sendable {
        /// Keys that stay until they are removed.
        case constant
        /// Ranges of keys: each is its first key, and the first key behind it as its end.
        case interval
        /// Keys with a timeout.
        case timed
        /// Keys with a timeout and a counter.
        case counted
    }

    package let name: String
    /// Data types of nft, 6 bits each, the first one highest: what `nft list` shows the key as.
    package let keyType: UInt32
    /// Bytes of a key; every part of it fills whole words.
    package let keyLength: UInt32
    package let kind: Kind

    package init(name: String, keyType: UInt32, keyLength: UInt32, kind: Kind) {
        self.name = name
        self.keyType = keyType
        self.keyLength = keyLength
        self.kind = kind
    }

    /// True if its elements have a timeout.
    package var expires: Bool { kind == .timed || kind == .counted }
}

/// One element of a set.
package struct SetElement: Hashable, Sendable {
    package let key: [UInt8]
    /// In milliseconds; `nil` for ever.
    package let timeout: UInt64?
    /// The first value of its counter; `nil` for no counter.
    package let traffic: Traffic?
    /// True if this is the first key behind a range, in a set of ranges.
    package let endsInterval: Bool

    package init(
        key: [UInt8],
        timeout: UInt64? = nil,
        traffic: Traffic? = nil,
        endsInterval: Bool = false
    ) {
        self.key = key
        self.timeout = timeout
        self.traffic = traffic
        self.endsInterval = endsInterval
    }
}
