/// A base chain's place in the packet's way; `nil` for a chain that is only jumped to.
package struct Hook: Hashable, Sendable {
    /// `NF_INET_PRE_ROUTING` or `NF_INET_LOCAL_IN`.
    package enum Point: UInt32, Hashable, Sendable {
        case prerouting = 0
        case input = 1
    }

    package let point: Point
    /// Lower comes first.
    package let priority: Int32

    package init(_ point: Point, priority: Int32) {
        self.point = point
        self.priority = priority
    }
}

/// A hash set of a table.
package struct SetDefinition: Hashable, Sendable {
    package let name: String
    /// Data types of nft, 6 bits each, the first one highest: what `nft list` shows the key as.
    package let keyType: UInt32
    /// Bytes of a key; every part of it fills whole words.
    package let keyLength: UInt32
    /// Elements have a timeout and a counter.
    package let expires: Bool

    package init(name: String, keyType: UInt32, keyLength: UInt32, expires: Bool) {
        self.name = name
        self.keyType = keyType
        self.keyLength = keyLength
        self.expires = expires
    }
}

/// One element of a set.
package struct SetElement: Hashable, Sendable {
    package let key: [UInt8]
    /// In milliseconds; `nil` for ever.
    package let timeout: UInt64?
    /// What its counter begins with; `nil` for nothing.
    package let traffic: Traffic?

    package init(key: [UInt8], timeout: UInt64? = nil, traffic: Traffic? = nil) {
        self.key = key
        self.timeout = timeout
        self.traffic = traffic
    }
}
