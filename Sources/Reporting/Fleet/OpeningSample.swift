import Auditing
import Grants

/// A random sample of openings that anybody can draw again.
///
/// The rank of an opening is the SHA-256 of seed, host and grant, each with a line feed after it;
/// the openings of the lowest ranks are the sample. So it depends on the seed and on what was
/// opened, and on no order in which logs are read.
package struct OpeningSample: Sendable {
    package let size: Int
    package let seed: String
    private(set) var items: [SampledOpening] = []
    /// The number of openings from which it is drawn.
    private(set) var population = 0

    package init(size: Int, seed: String) {
        (self.size, self.seed) = (size, seed)
    }

    func rank(of grant: String, on host: String) -> String {
        EvidenceFile.digest(of: Array("\(seed)\n\(host)\n\(grant)\n".utf8))
    }

    /// Returns true if an opening of this grant would be in the sample as it is so far.
    func mayHold(_ grant: String, on host: String) -> Bool {
        guard size > 0 else { return false }
        guard items.count >= size, let last = items.last else { return true }
        return rank(of: grant, on: host) < last.rank
    }

    mutating func consider(_ opening: FleetOpening, _ trail: GrantTrail?, _ log: ReportedLog) {
        population += 1
        guard mayHold(opening.timeline.id, on: opening.host) else { return }
        let rank = rank(of: opening.timeline.id, on: opening.host)
        let item = SampledOpening(
            rank: rank,
            opening: opening,
            trail: trail ?? GrantTrail(),
            log: log
        )
        let place = items.firstIndex { $0.rank > rank } ?? items.endIndex
        items.insert(item, at: place)
        if items.count > size { items.removeLast() }
    }
}

/// An opening on one host of a fleet.
package struct FleetOpening: Hashable, Sendable {
    let host: String
    let timeline: GrantTimeline
}

/// An opening of the sample with the evidence for it.
struct SampledOpening: Sendable {
    let rank: String
    let opening: FleetOpening
    let trail: GrantTrail
    let log: ReportedLog
}

/// The records and files on which an opening rests.
struct GrantTrail: Hashable, Sendable {
    /// The numbers of its records, by event.
    private(set) var records: [AuditEvent: UInt64] = [:]
    /// The signed file, as it was accepted; `nil` if that record is not in the log.
    private(set) var file: String?
    private(set) var digest = ""
    /// The lines of allowed_signers that admitted it.
    private(set) var signers: [String] = []

    mutating func take(_ record: Record) {
        let entry = record.entry
        records[entry.event] = records[entry.event] ?? record.sequence
        guard entry.event == .grantAccepted else { return }
        file = entry[.evidence]
        digest = entry[.digest] ?? ""
        signers = entry.fields[.allowedSigners] ?? []
    }
}
