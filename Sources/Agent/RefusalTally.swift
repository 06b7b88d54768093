import Auditing
import Grants

/// The records of refused files, as many as a budget allows, and the number of the others.
///
/// Useless files can be made faster than recorded: with a record each they would fill the log.
struct RefusalTally {
    /// The number of refusals at once that get a record each.
    static let burst = 1000
    /// The time until one more does.
    private static let refill = Duration.seconds(60)
    /// The least time between two records of the others.
    private static let gap = Duration.seconds(60)

    private var entries: [AuditEntry] = []
    private var room = burst
    private var refilledAt: Moment?
    /// The first that has no record, how many have none, and since when.
    private var others: (first: AuditEntry, count: Int, since: Moment)?
    private var toldAt: Moment?

    mutating func add(_ entry: AuditEntry, at now: Moment) {
        refill(at: now)
        if room > 0 {
            room -= 1
            entries.append(entry)
        } else if let others {
            self.others?.count = others.count + 1
        } else {
            others = (entry, 1, now)
        }
    }

    /// The moment at which refusals without a record are told of; that may wait while more files
    /// are being read, `isBusy`.
    func due(at now: Moment, isBusy: Bool) -> Moment? {
        guard let others else { return nil }
        // A clock that was wrong for a while may have gone back meanwhile.
        let earliest = isBusy ? min(others.since, now) + Self.gap : now
        return max(now, earliest, toldAt.map { min($0, now) + Self.gap } ?? now)
    }

    /// Takes the records that are due now.
    mutating func take(at now: Moment, isBusy: Bool) -> [AuditEntry] {
        defer { entries = [] }
        guard let others, due(at: now, isBusy: isBusy) == now else { return entries }
        toldAt = now
        self.others = nil
        return entries + [.refused(others.count, firstOf: others.first)]
    }

    private mutating func refill(at now: Moment) {
        guard let last = refilledAt, last <= now else { return refilledAt = now }
        let (passed, unit) = ((now - last).microseconds, Self.refill.microseconds)
        room = min(Self.burst, room + Int(clamping: passed / unit))
        refilledAt = last + .microseconds(passed / unit * unit)
    }
}

extension AuditEntry {
    /// Files that were refused and have no record of their own, of which this is the first.
    fileprivate static func refused(_ count: Int, firstOf entry: Self) -> Self {
        let files = count.counting("more file")
        let first = "\(entry[.file] ?? ""): \(entry[.reason] ?? "")"
        let text = "\(files), without a record each; the first was \(first)"
        return Self(
            .grantRefused,
            "Refused \(text)",
            fields: [
                .file: entry.fields[.file] ?? [], .reason: ["too-many: \(text)"],
                .missed: [String(count)],
            ]
        )
    }
}
