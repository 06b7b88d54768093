import Auditing
package import Grants

/// The logs of a fleet about a period, added host by host; what is listed is bounded, and the rest
/// is counted.
package struct FleetReportModel: Sendable {
    /// The most openings that are listed.
    static let openingBound = 5_000
    /// The most items of any other list.
    static let bound = 1_000

    /// A grant that was let in on an alarm, a refused file or a finding, on a host.
    struct OnHost<Item: Sendable>: Sendable {
        let host: String
        let item: Item
    }

    package private(set) var rows: [FleetRow] = []
    package private(set) var sample: OpeningSample
    /// An opening that lasts longer counts as over-long.
    let longest: Duration
    private let wanted: Period?
    private let until: Moment
    /// The period of all logs together, so far.
    private var covered: Period?

    private(set) var openings = LatestItems<FleetOpening>(bound: openingBound)
    private(set) var dormant = LatestItems<FleetOpening>(bound: bound)
    private(set) var long = LatestItems<FleetOpening>(bound: bound)
    private(set) var alarms = LatestItems<OnHost<GrantTimeline>>(bound: bound)
    private(set) var refusals = LatestItems<OnHost<RefusedFile>>(bound: bound)
    private(set) var findings: [AuditFinding.Kind: LatestItems<OnHost<AuditFinding>>] = [:]
    private(set) var standing = StandingAccess()
    private(set) var denied = DeniedSources()
    private(set) var people: Set<String> = []

    /// `since` is `nil` for the whole of each log.
    package init(since: Moment?, until: Moment, longest: Duration, sample: OpeningSample) {
        wanted = since.map { Period(start: $0, end: until) }
        (self.until, self.longest, self.sample) = (until, longest, sample)
    }

    /// The period of all hosts together.
    var period: Period {
        let end = covered?.end ?? until
        return Period(start: wanted?.start ?? covered?.start ?? end, end: end)
    }

    /// A model for the records of one host.
    package func host(_ name: String) -> FleetHostModel {
        FleetHostModel(of: name, in: wanted, until: until, for: sample)
    }

    /// Adds a host; `records` is `nil` if it has no log.
    package mutating func add(_ host: ReportedHost, _ log: ReportedLog, _ records: FleetHostModel?)
    {
        var row = FleetRow(host, log)
        standing.add(status: host, hasLog: records != nil)
        if let records { add(records, log, to: &row) }
        rows.append(row)
    }

    private mutating func add(_ host: FleetHostModel, _ log: ReportedLog, to row: inout FleetRow) {
        let model = host.model
        let known = covered ?? model.period
        covered = Period(
            start: min(known.start, model.period.start),
            end: max(known.end, model.period.end)
        )
        row.records = model.count
        for timeline in model.openings {
            let opening = FleetOpening(host: host.host, timeline: timeline)
            add(opening, within: model.period, to: &row)
            sample.consider(opening, host.trails[timeline.id], log)
        }
        for alarm in model.alarms {
            row.alarms += 1
            if alarm.review == nil { row.unreviewed += 1 }
            alarms.add(OnHost(host: host.host, item: alarm), at: alarm.alarmed ?? until)
        }
        for refusal in model.refusals {
            row.refused.add(refusal.count)
            refusals.add(OnHost(host: host.host, item: refusal), at: refusal.moment)
        }
        for source in model.deniedSources {
            row.denied.add(source.attempts)
            denied.add(source)
        }
        add(model.exceptions, of: host.host, within: model.period, to: &row)
        standing.add(host.signers)
    }

    private mutating func add(
        _ opening: FleetOpening,
        within period: Period,
        to row: inout FleetRow
    ) {
        let timeline = opening.timeline
        let moment = timeline.opened ?? period.start
        row.openings += 1
        if people.count < Self.openingBound { people.insert(timeline.requestor) }
        openings.add(opening, at: moment)
        if timeline.isUsed {
            row.used += 1
        } else if timeline.end.map({ $0 <= period.end }) ?? false {
            row.dormant += 1
            dormant.add(opening, at: moment)
        }
        guard (timeline.end.map { min($0, period.end) } ?? period.end) - moment > longest else {
            return
        }
        row.long += 1
        long.add(opening, at: moment)
    }

    private mutating func add(
        _ all: [AuditFinding],
        of host: String,
        within period: Period,
        to row: inout FleetRow
    ) {
        standing.add(all, of: host, within: period)
        for finding in all where finding.kind != .trusted {
            row.findings += 1
            findings[finding.kind, default: LatestItems(bound: Self.bound)]
                .add(OnHost(host: host, item: finding), at: finding.start ?? period.start)
        }
    }
}

extension GrantTimeline {
    /// True if a connection under it is on record.
    var isUsed: Bool { connections > 0 || firstUse != nil }
}

/// The sources without a grant of all hosts, those with the most attempts.
struct DeniedSources: Sendable {
    /// The most addresses that are kept.
    private static let bound = 32_768

    struct Source: Sendable {
        var source: DeniedSource
        var hosts: Int
    }

    private var sources: [String: Source] = [:]
    /// The attempts and addresses that found no room.
    private(set) var leftOut: (attempts: Int64, addresses: Int) = (0, 0)

    mutating func add(_ source: DeniedSource) {
        if var known = sources[source.address] {
            known.source.merge(source)
            known.hosts += 1
            sources[source.address] = known
            return
        }
        sources[source.address] = Source(source: source, hosts: 1)
        if sources.count >= 2 * Self.bound { trim() }
    }

    private mutating func trim() {
        for item in sorted.dropFirst(Self.bound) {
            sources[item.source.address] = nil
            leftOut.attempts.add(item.source.attempts)
            leftOut.addresses += 1
        }
    }

    /// Those with the most attempts first.
    var sorted: [Source] {
        sources.values.sorted { DeniedSource.hasMoreAttempts($0.source, $1.source) }
    }

    var attempts: Int64 {
        sources.values.reduce(into: leftOut.attempts) { $0.add($1.source.attempts) }
    }

    var count: Int { sources.count + leftOut.addresses }
}
