package import Grants

/// The work that is due at a moment, in the order in which it is to be done.
///
/// The records of `accepted` and `opened` come first, then the kernel's change, then the records of
/// what ended. Without the first nothing opens; nothing keeps a grant from ending.
package struct Step: Sendable {
    /// Grants whose acceptance is to be recorded.
    package internal(set) var accepted: [Lifecycle.Entry] = []
    /// Grants that open once that is on record, each with the deadline that it opens until.
    package internal(set) var opened: [(entry: Lifecycle.Entry, deadline: Moment)] = []
    /// Grants that end, as they are now; some of them may drain.
    package internal(set) var endings: [Ending] = []
    /// Those of the endings that grants of `opened` bring about, and that depend on these.
    var superseded: Set<GrantID> = []

    package init() {}

    /// Ends the grants that opening ones supersede, including those that were to open in this step.
    mutating func addSuperseded(by opens: [GrantID], in grants: EntryTable) {
        let pairs = opens.flatMap { id in grants[id]?.supersedes.map { (id, $0) } ?? [] }
        guard !pairs.isEmpty else { return }
        var ended = Set(endings.map(\.id))
        for (id, old) in pairs {
            guard var entry = grants[old], entry.phase.isLive, ended.insert(old).inserted else {
                continue
            }
            entry.superseder = id
            endings.append(Ending(entry: entry, reason: .superseded))
            superseded.insert(old)
        }
    }

    /// Leaves only endings that no opening brings about; returns the other grants that were to open
    /// in this step, too.
    mutating func dropOpenings() -> [Lifecycle.Entry] {
        let dropped = endings.filter { superseded.contains($0.id) && $0.phase.isYetToOpen }
        endings.removeAll { superseded.contains($0.id) }
        (accepted, opened, superseded) = ([], [], [])
        return dropped.map(\.entry)
    }

    package var needsRecords: Bool { !accepted.isEmpty || !opened.isEmpty }

    package var isEmpty: Bool { !needsRecords && endings.isEmpty }
}

/// A grant that ends at a step.
package struct Ending: Hashable, Sendable {
    package let entry: Lifecycle.Entry
    package let reason: EndReason
    /// The moment until which its sessions may go on, if it drains.
    package internal(set) var drainsUntil: Moment?

    package var id: GrantID { entry.id }
    package var phase: Phase { entry.phase.living }

    /// True if it reached its deadline while it was open, so that its sessions may drain.
    package var mayDrain: Bool { reason == .expired && phase.isOpen }
}
