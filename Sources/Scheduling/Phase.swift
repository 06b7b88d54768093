package import Grants

/// Where in its life a scheduled grant is.
package enum Phase: Hashable, Sendable {
    /// Not yet open; to be opened at this moment of the opening time.
    case waiting(until: Moment)
    /// Open since one moment, until another.
    case open(since: Moment, deadline: Moment)
    /// Past its deadline: nothing new comes in, and its sessions may go on until a moment at most.
    case draining(since: Moment, deadline: Moment, until: Moment)
}

/// A grant in the timetable, with the phase it is in.
package struct ScheduledGrant: Hashable, Sendable {
    package let grant: Grant
    package internal(set) var phase: Phase

    package var id: GrantID { grant.id }

    package var isOpen: Bool { deadline != nil }

    package var isDraining: Bool {
        if case .draining = phase { true } else { false }
    }

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
        case .open(_, let end), .draining(_, _, let end): end <= now + lead ? .end : nil
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

/// A grant whose deadline has come and whose sessions may go on, until a moment at most.
package struct Draining: Hashable, Sendable {
    package let scheduled: ScheduledGrant
    package let until: Moment
}

/// What is to be done at a moment: what ends, what begins to drain and what opens, in no order.
package struct Agenda: Hashable, Sendable {
    package var endings: [Ending] = []
    package private(set) var drainings: [Draining] = []
    package var openings: [ScheduledGrant] = []

    package init() {}

    package var isEmpty: Bool { endings.isEmpty && openings.isEmpty && drainings.isEmpty }

    /// Lets open grants that reached their deadline drain, each until the moment given for it.
    ///
    /// What somebody ended, what was never open and what drained before ends all the same.
    package mutating func drain(_ ends: [GrantID: Moment]) {
        guard !ends.isEmpty else { return }
        endings.removeAll { ending in
            guard ending.reason == .expired, ending.scheduled.isOpen,
                let until = ends[ending.scheduled.id]
            else { return false }
            drainings.append(Draining(scheduled: ending.scheduled, until: until))
            return true
        }
    }
}
