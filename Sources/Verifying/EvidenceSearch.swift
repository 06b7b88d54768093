package import Auditing

/// Finds a record in a first pass, and in a second one those with its evidence.
package struct EvidenceSearch: Sendable {
    package struct Found: Sendable {
        package let record: Record
        package let line: [UInt8]
    }

    private let sequence: UInt64
    private var found: Found?
    private var accepted: Found?
    private var policy: Found?
    private var time = LatestTime()
    /// The records that showed the time when the grant was accepted, and when the record was made.
    private var clocks: [Found] = []

    package init(for sequence: UInt64) {
        self.sequence = sequence
    }

    package var isFound: Bool { found != nil }

    /// True if a second pass may find something.
    package var needsMore: Bool {
        guard let entry = found?.record.entry else { return false }
        return entry[.digest] != nil
            || (entry[.policyDigest] != nil && entry.event != .policyLoaded)
    }

    /// The record, and those with its evidence.
    package var records: [Found] { [found, accepted, policy].compactMap(\.self) }

    /// Earlier records that show that time was ahead of the wall clock.
    package var clock: [Found] {
        var known = Set(records.map(\.record.sequence))
        return clocks.filter { known.insert($0.record.sequence).inserted }
    }

    /// - Returns: whether it makes sense to go on.
    package mutating func take(_ line: ArraySlice<UInt8>) -> Bool {
        guard let record = try? Record(parsing: line) else { return true }
        let this = Found(record: record, line: Array(line))
        guard let found else {
            time.take(this)
            guard record.sequence == sequence else { return true }
            self.found = this
            if record.entry[.evidence] != nil { clocks += time.sources }
            time = LatestTime()
            return false
        }
        guard record.sequence < sequence else {
            keepNeededPolicy(of: found.record)
            return false
        }
        time.take(this)
        let entry = record.entry
        if entry.event == .policyLoaded, entry[.evidence] != nil, accepted == nil {
            policy = this
        } else if entry.event == .grantAccepted, entry[.digest] == found.record.entry[.digest] {
            accepted = this
            clocks += time.sources
        }
        return true
    }

    /// A policy says nothing of a record that names another one.
    private mutating func keepNeededPolicy(of record: Record) {
        let digest = accepted?.record.entry[.policyDigest] ?? record.entry[.policyDigest]
        if digest == nil || policy?.record.entry[.policyDigest] != digest { policy = nil }
    }
}

/// The records that the agent's time follows from, as `TimeLowerBound` makes it.
private struct LatestTime {
    /// If the oldest of many boots are left out, time is a little earlier than it was.
    private static let limit = 8

    private var clock = TimeLowerBound()
    /// The record whose wall clock time goes back to, and the last one of each boot since.
    private(set) var sources: [EvidenceSearch.Found] = []

    mutating func take(_ found: EvidenceSearch.Found) {
        let stamp = found.record.stamp
        clock.take(found.record)
        // Time goes on from the wall clock, or from where a record says.
        let isSource = found.record.entry.event == .clockAccepted
        guard clock.moment != stamp.realtime, !isSource else { return sources = [found] }
        if sources.count > 1, sources.last?.record.stamp.bootID == stamp.bootID {
            sources.removeLast()
        } else if sources.count == Self.limit {
            sources.remove(at: 1)
        }
        sources.append(found)
    }
}
