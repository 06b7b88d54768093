package import Grants

/// Where in its life a scheduled grant is.
package enum Phase: Hashable, Sendable {
    /// Not yet open; to be opened at this moment of the opening time.
    case waiting(until: Moment)
    /// Open since one moment, until another.
    case open(since: Moment, deadline: Moment)
}

/// A grant in the timetable, with the phase it is in.
package struct ScheduledGrant: Hashable, Sendable {
    package let grant: Grant
    package internal(set) var phase: Phase

    package var id: GrantID { grant.id }

    package var isOpen: Bool { deadline != nil }

    /// The deadline of an open grant.
    package var deadline: Moment? {
        guard case .open(_, let deadline) = phase else { return nil }
        return deadline
    }

    enum Change { case open, end }

    /// What the passing of time alone brings to this grant, which ends by `lead` early.
    ///
    /// Deadlines are half-open: at the very moment of its deadline a grant holds no more. What opens
    /// goes by `opening`, the slower time.
    func change(dueAt now: Moment, opening: Moment, lead: Duration) -> Change? {
        switch phase {
        case .open(_, let deadline): deadline <= now + lead ? .end : nil
        case .waiting(let start):
            grant.expires <= now ? .end : start <= opening ? .open : nil
        }
    }
}

/// A grant that has to end now, and why.
package struct Ending: Hashable, Sendable {
    package let scheduled: ScheduledGrant
    package let reason: EndReason
}

/// What is to be done at a moment: what ends and what opens, in no order.
package struct Agenda: Hashable, Sendable {
    package var endings: [Ending] = []
    package var openings: [ScheduledGrant] = []

    package init() {}

    package var isEmpty: Bool { endings.isEmpty && openings.isEmpty }
}
