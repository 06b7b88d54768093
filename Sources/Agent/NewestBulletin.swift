import Admission
import Grants

/// The newest bulletin, and one that lies too far ahead to count yet.
struct NewestBulletin {
    /// A bulletin with the file that it came in, so that its signers can be judged again.
    struct Taken {
        let bulletin: Bulletin
        let digest: String
        let bytes: [UInt8]
    }

    /// The newest one that counts, or that counted before time went back.
    private(set) var taken: Taken?
    /// One that lies too far ahead: of several the nearest.
    private var ahead: Taken?

    /// The latest moment at which one that is known was issued.
    var latestIssue: Moment? { [taken, ahead].compactMap { $0?.bulletin.issued }.max() }

    /// Takes a bulletin as the newest, if it is; returns whether it is.
    mutating func take(_ next: Taken, at now: Moment) -> Bool {
        let issued = next.bulletin.issued
        guard !next.bulletin.isAhead(of: now) else {
            if ahead.map({ issued < $0.bulletin.issued }) ?? true { ahead = next }
            return false
        }
        if let bulletin = taken?.bulletin, !bulletin.isAhead(of: now), issued <= bulletin.issued {
            return false
        }
        taken = next
        return true
    }

    /// Takes the one that was ahead, once it is not; returns whether it is the newest.
    mutating func timePassed(at now: Moment) -> Bool {
        guard let next = ahead, !next.bulletin.isAhead(of: now) else { return false }
        ahead = nil
        return take(next, at: now)
    }

    /// Forgets those that do not count any more.
    mutating func keep(where isValid: (Taken) -> Bool) {
        if let known = taken, !isValid(known) { taken = nil }
        if let known = ahead, !isValid(known) { ahead = nil }
    }

    /// The reason that grants from inboxes wait at a moment; `nil` if they do not.
    func staleness(by rule: FreshnessRule?, at now: Moment) -> Staleness? {
        guard let rule, rule.maxStaleness != nil else { return nil }
        guard let bulletin = taken?.bulletin else { return Staleness(rule, newest: nil) }
        let isFresh = !bulletin.isAhead(of: now) && now < rule.end(of: bulletin)
        return isFresh ? nil : Staleness(rule, newest: bulletin)
    }

    /// The moment at which that changes, if nothing comes before; `nil` if it does not by itself.
    func due(by rule: FreshnessRule?, at now: Moment) -> Moment? {
        guard let rule, rule.maxStaleness != nil else { return nil }
        let starts = [taken, ahead].compactMap { $0?.bulletin.start }
        let ends = taken.map { [rule.end(of: $0.bulletin)] } ?? []
        return (starts + ends).filter { $0 > now }.min()
    }
}
