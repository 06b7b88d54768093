package import Grants

/// The phase of a grant's life, and the part of it that is not on record yet.
package enum Phase: Hashable, Sendable {
    /// The log says that it is live, and this agent has not read its file yet.
    case unseen(RecordedGrant)
    /// To be opened at a moment of the opening time; its acceptance is not on record.
    case accepted(start: Moment)
    /// To be opened at a moment of the opening time; its acceptance is on record.
    case waiting(start: Moment)
    /// The record of its opening is being written, and of its acceptance if that has none.
    case opening(since: Moment, deadline: Moment, isAccepted: Bool)
    /// Open, which is on record with this very deadline.
    case open(since: Moment, deadline: Moment)
    /// Past its deadline: nothing new comes in, and its sessions may go on until a moment at most.
    case draining(since: Moment, deadline: Moment, until: Moment, isOnRecord: Bool)
    /// To end at the next step, whatever the time.
    indirect case ending(Phase, because: EndReason)
    /// Ended, which the kernel has not carried out and no record tells.
    case closing(because: EndReason)
    /// Ended in the kernel, which no record tells yet.
    case ended(because: EndReason)

    /// The phase that a grant ends in, if it is to end; else this one.
    package var living: Phase {
        if case .ending(let phase, _) = self { phase } else { self }
    }

    package var isLive: Bool {
        switch self {
        case .closing, .ended: false
        default: true
        }
    }

    /// True if the grant is open as far as its file was read.
    package var isOpen: Bool { deadline != nil }

    /// The deadline of an open grant.
    package var deadline: Moment? {
        if case .open(_, let deadline) = living { deadline } else { nil }
    }

    package var isDraining: Bool {
        if case .draining = living { true } else { false }
    }

    /// True if it waits for its start, or for the step that opens it.
    var isYetToOpen: Bool {
        switch living {
        case .accepted, .waiting: true
        default: false
        }
    }

    package var isUnseen: Bool {
        if case .unseen = living { true } else { false }
    }

    /// The same phase with an earlier end of draining; `nil` if it does not drain for longer.
    func drainingLess(until end: Moment) -> Phase? {
        guard case .draining(let since, let deadline, let until, let isOnRecord) = self,
            end < until
        else { return nil }
        return .draining(since: since, deadline: deadline, until: end, isOnRecord: isOnRecord)
    }

    enum Change { case open, end }

    /// The change that the passing of time alone brings to a grant that ends by `lead` early.
    ///
    /// Deadlines are half-open: at the very moment of its deadline a grant holds no more. Openings
    /// go by `opening`, the slower time.
    func change(dueAt now: Moment, opening: Moment, lead: Duration, expires: Moment?) -> Change? {
        switch self {
        case .open(_, let end), .draining(_, _, let end, _): end <= now + lead ? .end : nil
        case .unseen(let recorded):
            recorded.deadline.map { $0 <= now + lead } == true ? .end : nil
        case .accepted(let start), .waiting(let start):
            expires.map { $0 <= now } == true ? .end : start <= opening ? .open : nil
        case .opening, .ending, .closing, .ended: nil
        }
    }
}

/// A live grant as its records tell it.
package struct RecordedGrant: Hashable, Sendable {
    package let openings: [Opening]
    package let since: Moment?
    /// `nil` while it was never open.
    package let deadline: Moment?
    /// The grants that its opening ended, some of which may not be on record as ended.
    package let supersedes: [GrantID]

    package init(
        openings: [Opening],
        since: Moment? = nil,
        deadline: Moment? = nil,
        supersedes: [GrantID] = []
    ) {
        self.openings = openings
        self.since = since
        self.deadline = deadline
        self.supersedes = supersedes
    }
}
