package import Grants

/// A connection that grants let in.
package struct Use: Hashable, Sendable {
    package let packet: LoggedPacket
    /// Every one that covers it, by id.
    package let grants: [GrantID]

    package init(_ packet: LoggedPacket, by grants: [GrantID]) {
        self.packet = packet
        self.grants = grants
    }
}

/// Says which connections of grants get a record whatever else there is to record.
///
/// Of each grant those are the first one of each source, up to a number of sources: who came is then
/// on record, though not how often.
package struct FirstUses: Hashable, Sendable {
    private static let sourcesPerGrant = 64

    private var sources: [GrantID: Set<Address>] = [:]

    package init() {}

    /// Whether it is the first one from its source by one of its grants; it is none the next time.
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

/// Connections of grants that have no record of their own, by the grants and by source.
package struct UnrecordedUses: Hashable, Sendable {
    /// Connections by the same grants.
    package struct Group: Hashable, Sendable {
        package private(set) var last: Use
        /// With the last one.
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

        /// Where those before the last one came from.
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

    /// Takes back what could not be recorded.
    package mutating func add(_ group: Group) {
        if groups[group.last.grants]?.take(group) == nil { groups[group.last.grants] = group }
    }

    /// The largest groups, which are forgotten; the others wait.
    package mutating func take(atMost limit: Int) -> [Group] {
        let largest = groups.sorted { $0.value.count > $1.value.count }
            .prefix(limit)
        for (key, _) in largest { groups[key] = nil }
        return largest.map(\.value)
    }

    /// All groups of a grant, which are forgotten.
    package mutating func take(of id: GrantID) -> [Group] {
        let meant = groups.filter { $0.key.contains(id) }
        for key in meant.keys { groups[key] = nil }
        return meant.values.sorted { $0.count > $1.count }
    }

    /// The group of the same grants, which is forgotten.
    package mutating func take(besides use: Use) -> Group? {
        groups.removeValue(forKey: use.grants)
    }
}
