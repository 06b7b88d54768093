package import Auditing
package import Grants

/// The records of one host, collected for the report on its fleet.
package struct FleetHostModel: Sendable {
    let host: String
    private(set) var model: ReportModel
    private(set) var trails: [String: GrantTrail] = [:]
    private(set) var signers: [String: StandingAccess.Signer] = [:]
    private let sample: OpeningSample
    private let period: Period?

    /// `period` is `nil` for the whole log until `end`.
    init(of host: String, in period: Period?, until end: Moment, for sample: OpeningSample) {
        self.host = host
        (self.period, self.sample) = (period, sample)
        model = period.map { ReportModel(of: $0) } ?? ReportModel(until: end)
    }

    /// Reads the next record.
    package mutating func take(
        _ record: Record,
        policy: ReportedPolicy?,
        fallback: ReportedPolicy?
    ) {
        model.take(record, policy: policy, fallback: fallback)
        if period?.contains(record.stamp.realtime) ?? true { signers.take(record) }
        guard [.grantAccepted, .grantOpened, .grantClosed].contains(record.entry.event) else {
            return
        }
        for id in record.entry.fields[.grant] ?? [] where sample.mayHold(id, on: host) {
            trails[id, default: GrantTrail()].take(record)
        }
    }

    package mutating func finish(at now: Moment) { model.finish(at: now) }
}
