package import Grants

/// The entries of all grants by their ids, and the number in each phase.
package struct EntryTable: Sendable {
    private(set) var byID: [GrantID: Lifecycle.Entry] = [:]
    /// The number of open grants.
    package private(set) var openCount = 0
    /// The number of grants that drain.
    package private(set) var drainingCount = 0
    /// The number of grants that are to open.
    package private(set) var waitingCount = 0

    package subscript(id: GrantID) -> Lifecycle.Entry? { byID[id] }

    /// All live grants whose files were read, in no order.
    package var all: some Sequence<Lifecycle.Entry> {
        byID.values.lazy.filter { $0.phase.isLive && !$0.phase.isUnseen }
    }

    /// The live grants of which no file was read, in no order.
    package var unseen: some Sequence<Lifecycle.Entry> {
        byID.values.lazy.filter(\.phase.isUnseen)
    }

    /// Returns true if the grant exists and has not ended.
    package func isLive(_ id: GrantID) -> Bool { byID[id]?.phase.isLive == true }

    /// Returns true if the grant exists, has not ended, and its file was read.
    package func isKnown(_ id: GrantID) -> Bool {
        byID[id].map { $0.phase.isLive && !$0.phase.isUnseen } ?? false
    }

    // MARK: changes

    mutating func add(_ entry: Lifecycle.Entry) {
        remove(entry.id)
        count(entry.phase, 1)
        byID[entry.id] = entry
    }

    mutating func remove(_ id: GrantID) {
        if let old = byID.removeValue(forKey: id) { count(old.phase, -1) }
    }

    /// Gives a grant another phase.
    mutating func put(_ phase: Phase, _ id: GrantID) {
        guard let old = byID[id]?.phase else { return }
        count(old, -1)
        count(phase, 1)
        byID[id]?.phase = phase
    }

    /// Changes an entry, except its phase.
    mutating func change(_ id: GrantID, _ body: (inout Lifecycle.Entry) -> Void) {
        guard var entry = byID.removeValue(forKey: id) else { return }
        let phase = entry.phase
        body(&entry)
        entry.phase = phase
        byID[id] = entry
    }

    private mutating func count(_ phase: Phase, _ change: Int) {
        switch phase.living {
        case .open: openCount += change
        case .draining: drainingCount += change
        case .accepted, .waiting, .opening: waitingCount += change
        case .unseen, .ending, .closing, .ended: break
        }
    }
}
