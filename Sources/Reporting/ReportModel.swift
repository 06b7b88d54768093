package import Auditing
package import Grants
import HTMLWriter

/// The content of a log about a period, collected from its records in order.
package struct ReportModel: Sendable {
    package private(set) var period: Period
    package private(set) var refusals: [RefusedFile] = []
    package private(set) var leftOut = LeftOut()
    package private(set) var hosts: [String] = []
    /// The number of records in the period; `numbers` has the first and the last.
    package private(set) var count = 0
    package private(set) var numbers: ClosedRange<UInt64>?
    /// The time of the latest record: nobody knows what happened after it.
    package private(set) var latest: Moment?
    private var earliest: Moment?
    private var timelines: [GrantTimeline] = []
    private var indices: [String: Int] = [:]
    private var denied: [String: DeniedSource] = [:]
    private var track = AgentTimeline()
    private var noted: [AuditFinding] = []

    /// True if the period begins with the first record.
    private let isWhole: Bool

    package init(of period: Period) {
        self.period = period
        isWhole = false
    }

    /// Collects all records until `end`: the period begins with the first of them.
    package init(until end: Moment) {
        period = Period(start: Moment(microseconds: .min), end: end)
        isWhole = true
    }

    /// Reads the next record; records before the period give the state at its beginning.
    ///
    /// `policy` is the policy in the record, `fallback` the one that returns at the end of its
    /// trial.
    package mutating func take(
        _ record: Record,
        policy: ReportedPolicy? = nil,
        fallback: ReportedPolicy? = nil
    ) {
        let moment = record.stamp.realtime
        guard moment < period.end else { return }
        track.take(record, policy, fallback)
        if record.entry.event != .grantRefused {
            // Several grants may cover one connection.
            for id in record.entry.fields[.grant] ?? [] { takeStory(record, id) }
        }
        guard period.contains(moment) else { return }
        count += 1
        latest = max(latest ?? moment, moment)
        earliest = min(earliest ?? moment, moment)
        let (number, known) = (record.sequence, numbers)
        // The records may have been reordered.
        numbers =
            min(known?.lowerBound ?? number, number)...max(known?.upperBound ?? number, number)
        if !hosts.contains(record.stamp.hostname) { hosts.append(record.stamp.hostname) }
        if record.entry.event == .grantRefused { refusals.append(RefusedFile(record)) }
        leftOut.take(record.entry)
        takeAttempts(record)
    }

    /// Notes a line of the log that is no record.
    package mutating func note(unreadable text: String) {
        noted.append(AuditFinding(.unreadable, from: nil, text))
    }

    /// Ends the period: no more records follow.
    ///
    /// It ends now at the latest, or with the last record if that is from a clock ahead: the future
    /// is unknown.
    package mutating func finish(at now: Moment) {
        let known = latest.map { max(now, $0 + .microseconds(1)) } ?? now
        let end = min(period.end, known)
        // An empty log gets a period of an hour.
        let start = isWhole ? earliest ?? end + .seconds(-3600) : period.start
        period = Period(start: start, end: end)
        track.finish(at: period.end)
        noteOwnApprovals()
    }

    /// Adds one finding for each person, so that these do not hide the other findings.
    private mutating func noteOwnApprovals() {
        let own = Dictionary(grouping: openings.filter(\.isOwnApproval), by: \.requestor)
        for (person, timelines) in own.sorted(by: { $0.key < $1.key }) {
            let text =
                timelines.count == 1
                ? "\(person) alone approved grant \(timelines[0].id)"
                : "\(person) alone approved \(timelines.count) own grants, "
                    + "the last opened \(timelines.last?.opened?.shown ?? "?")"
            noted.append(AuditFinding(.ownApproval, from: timelines[0].opened, text))
        }
    }

    private mutating func takeStory(_ record: Record, _ id: String) {
        let index = indices[id] ?? timelines.count
        if index == timelines.count {
            timelines.append(GrantTimeline(id: id))
            indices[id] = index
        }
        timelines[index].take(record)
    }

    private mutating func takeAttempts(_ record: Record) {
        for (address, count) in DeniedSource.attempts(of: record) {
            denied[address, default: DeniedSource(address: address, at: record.stamp.realtime)]
                .take(count, record, observing: track.isObserving)
        }
    }

    // MARK: results

    /// The grants that were open in the period, by the time of their opening.
    package var openings: [GrantTimeline] {
        timelines.filter { $0.wasOpen(in: period) }
            .sorted { ($0.opened ?? period.start) < ($1.opened ?? period.start) }
    }

    /// The break-glass grants that were open in the period, and those of before it that waited for
    /// their review then.
    package var alarms: [GrantTimeline] {
        timelines.filter { timeline in
            guard let alarmed = timeline.alarmed, alarmed < period.end else { return false }
            return timeline.review.map { $0.moment >= period.start } ?? true
                || timeline.wasOpen(in: period)
        }
        .sorted { ($0.alarmed ?? period.start) < ($1.alarmed ?? period.start) }
    }

    /// The sources without a grant, those with the most attempts first.
    package var deniedSources: [DeniedSource] {
        denied.values.sorted(by: DeniedSource.hasMoreAttempts)
    }

    /// The findings in order of time.
    package var exceptions: [AuditFinding] {
        (noted + track.exceptions).filter { $0.lies(in: period) }
            .sorted { ($0.start?.microseconds ?? .min) < ($1.start?.microseconds ?? .min) }
    }
}
