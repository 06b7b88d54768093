package import Grants

/// A connection that grants admitted.
package struct Use: Hashable, Sendable {
    package let packet: LoggedPacket
    /// The ids of all grants that cover it.
    package let grants: [GrantID]

    package init(_ packet: LoggedPacket, by grants: [GrantID]) {
        self.packet = packet
        self.grants = grants
    }
}

/// Chooses the connections that get a record of their own however many records there are.
///
/// These are the first connection from each source of a grant, up to a number of sources, so that
/// the log names each source, though not each connection.
package struct FirstUses: Hashable, Sendable {
    private static let sourcesPerGrant = 64

    private var sources: [GrantID: Set<Address>] = [:]

    package init() {}

    /// Returns whether this is the first use from its source of one of its grants, and remembers
    /// it.
    package mutating func take(_ use: Use) -> Bool {
        var isFirst = false
        for id in use.grants where sources[id, default: []].count < Self.sourcesPerGrant {
            if sources[id, default: []].insert(use.packet.source).inserted { isFirst = true }
        }
        return isFirst
    }

    package mutating func forget(_ id: GrantID) {
        sources[id] = nil
    }
}

/// Connections without a record of their own, by their grants and source.
package struct UnrecordedUses: Hashable, Sendable {
    /// Connections admitted by the same grants.
    package struct Group: Hashable, Sendable {
        package private(set) var last: Use
        /// The number of connections, with the last one.
        package private(set) var count = 0
        package private(set) var sources = SourceCounts()

        fileprivate init(_ use: Use) { last = use }

        fileprivate mutating func take(_ use: Use) {
            last = use
            count += 1
            sources.add(use.packet.source)
        }

        fileprivate mutating func take(_ other: Self) {
            count += other.count
            sources.add(other.sources)
        }

        /// The sources of the connections before the last one.
        package var sourcesBeforeLast: SourceCounts {
            var sources = sources
            sources.remove(last.packet.source)
            return sources
        }
    }

    private var groups: [[GrantID]: Group] = [:]

    package init() {}

    package var isEmpty: Bool { groups.isEmpty }

    package mutating func add(_ use: Use) {
        groups[use.grants, default: Group(use)].take(use)
    }

    /// Adds back a group that could not be recorded.
    package mutating func add(_ group: Group) {
        if groups[group.last.grants]?.take(group) == nil { groups[group.last.grants] = group }
    }

    /// Removes and returns the largest groups; the others wait.
    package mutating func take(atMost limit: Int) -> [Group] {
        let largest = groups.sorted { $0.value.count > $1.value.count }
            .prefix(limit)
        for (key, _) in largest { groups[key] = nil }
        return largest.map(\.value)
    }

    /// Removes and returns all groups of a grant.
    package mutating func take(of id: GrantID) -> [Group] {
        let meant = groups.filter { $0.key.contains(id) }
        for key in meant.keys { groups[key] = nil }
        return meant.values.sorted { $0.count > $1.count }
    }

    /// Removes and returns the group with the same grants.
    package mutating func take(besides use: Use) -> Group? {
        groups.removeValue(forKey: use.grants)
    }
}
