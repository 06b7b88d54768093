import Depot

/// The objects that have to be mirrored, those that have changed before those that are only looked at.
struct MirrorWork {
    /// True if changes were missed, or something failed: the store says what is to do.
    var isUnread = true
    /// The files that were seen in the depot during a look at all of it.
    var present: Set<ObjectDigest> = []
    private var news: [DepotObject] = []
    private var changed: [DepotObject] = []
    private var isChanged: Set<DepotObject> = []
    private var looks: [DepotObject] = []
    /// The objects that were sent to a depot which cannot tell who else has changed them.
    private var doubtful: Set<DepotObject> = []
    private var doubtEnds: ContinuousClock.Instant?

    var hasChanges: Bool { !isChanged.isEmpty }

    /// The time of the second look at what is in doubt.
    var secondLook: ContinuousClock.Instant? { doubtEnds }

    /// Adds an object; news come before what was missed.
    mutating func add(_ object: DepotObject, isNews: Bool = false) {
        isChanged.insert(object)
        if isNews { news.append(object) } else { changed.append(object) }
    }

    /// Takes the first object that has changed; one that is there twice is taken once.
    private mutating func nextChanged() -> DepotObject? {
        while let object = Self.takeFirst(of: &news) ?? Self.takeFirst(of: &changed) {
            if isChanged.remove(object) != nil { return object }
        }
        return nil
    }

    private static func takeFirst(of list: inout [DepotObject]) -> DepotObject? {
        list.isEmpty ? nil : list.removeFirst()
    }

    mutating func look(at objects: [DepotObject]) { looks = objects.reversed() }

    /// Takes the next object; `isLook` is true if it may be there as it should be.
    mutating func next() -> (object: DepotObject, isLook: Bool)? {
        if let object = nextChanged() { return (object, false) }
        if let end = doubtEnds, end <= .now, let object = doubtful.popFirst() {
            if doubtful.isEmpty { doubtEnds = nil }
            return (object, true)
        }
        if let object = looks.popLast() { return (object, true) }
        present = []
        return nil
    }

    /// Puts an object back that failed.
    mutating func returned(_ object: DepotObject, isLook: Bool) {
        if isLook { looks.append(object) } else { add(object) }
    }

    /// Has an object looked at once more.
    mutating func doubt(_ object: DepotObject, until end: ContinuousClock.Instant) {
        doubtful.insert(object)
        doubtEnds = end
    }

    /// Leaves all of it to another hub, and reads the store when that has had its time.
    mutating func leave() {
        (news, changed, isChanged) = ([], [], [])
        (looks, doubtful) = ([], [])
        (doubtEnds, present, isUnread) = (nil, [], true)
    }
}

/// Wakes the mirror when there is work.
struct MirrorBell {
    private(set) var isOver = false
    private var isRung = false
    private var task: Task<Void, Never>?

    mutating func ring() {
        isRung = true
        task?.cancel()
    }

    mutating func end() {
        isOver = true
        ring()
    }

    /// A task that ends at a time, or when the bell rings; `nil` if it has rung.
    mutating func sleeper(until end: ContinuousClock.Instant) -> Task<Void, Never>? {
        guard !isRung else {
            isRung = false
            return nil
        }
        let task = Task { _ = try? await Task.sleep(until: end, clock: .continuous) }
        self.task = task
        return task
    }

    mutating func wake() { (isRung, task) = (false, nil) }
}
