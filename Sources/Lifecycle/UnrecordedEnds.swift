import Grants

/// Grants that ended or began to drain, until the kernel and then the disk have that.
struct UnrecordedEnds: Sendable {
    /// Those that the kernel has not carried out.
    private var closing: Set<GrantID> = []
    /// Those that the kernel has, and no record tells.
    private var untold: Set<GrantID> = []

    mutating func add(_ id: GrantID) { closing.insert(id) }

    /// Adds a grant that was revoked before it came: the kernel has nothing of it.
    mutating func addBarred(_ id: GrantID) { untold.insert(id) }

    mutating func committed(in grants: inout EntryTable) {
        for id in closing {
            if case .closing(let reason) = grants[id]?.phase {
                grants.put(.ended(because: reason), id)
            }
        }
        untold.formUnion(closing)
        closing = []
    }

    mutating func recorded(in grants: inout EntryTable) {
        for id in untold {
            switch grants[id]?.phase {
            case .ended: grants.remove(id)
            case .draining(let since, let deadline, let until, false):
                let phase = Phase.draining(
                    since: since,
                    deadline: deadline,
                    until: until,
                    isOnRecord: true
                )
                grants.put(phase, id)
            default: break
            }
        }
        untold = []
    }
}
