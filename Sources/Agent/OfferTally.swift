import Auditing
import Grants

/// Offers that were refused and are not on record yet: how many, and why the first of them.
///
/// An inbox can hold such files without end, so they share a record.
struct OfferTally {
    /// A record of them is made no more often than this.
    static let gap = Duration.seconds(60)
    /// The characters of a reason that are recorded.
    private static let reasonLimit = 160

    private var first: (path: String, reason: String)?
    private var count = 0
    private var toldAt: Moment?
    /// The moment until which there is no room for the record.
    private var postponedTo: Moment?

    mutating func add(_ path: String, code: String, _ reason: String) {
        count += 1
        if first == nil { first = (path, "\(code): \(reason.prefix(Self.reasonLimit))") }
    }

    /// The moment at which a record is due; `nil` if there is nothing to tell.
    func due(at now: Moment) -> Moment? {
        guard first != nil else { return nil }
        return [toldAt.map { $0 + Self.gap }, postponedTo].compactMap(\.self)
            // If time went back meanwhile, the record does not wait longer by as much.
            .filter { $0 <= now + Self.gap }.max().map { max($0, now) } ?? now
    }

    /// Returns true if `span` has passed since the last record.
    func hasWaited(_ span: Duration, at now: Moment) -> Bool {
        toldAt.map { $0 > now || $0 + span <= now } ?? true
    }

    mutating func postpone(at now: Moment) { postponedTo = now + Self.gap }

    /// The record of all that is not on record.
    var entry: AuditEntry? {
        first.map { path, reason in
            let text = "\(count.counting("offer")); the first was \(path): \(reason)"
            return AuditEntry(
                .offersRefused,
                "Refused \(text)",
                fields: [.file: [path], .reason: [reason], .missed: [String(count)]]
            )
        }
    }

    /// All of that is on record now.
    mutating func told(at now: Moment) { self = OfferTally(toldAt: now) }

    init(toldAt: Moment? = nil) { self.toldAt = toldAt }
}
