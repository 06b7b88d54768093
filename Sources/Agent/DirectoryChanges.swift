import Linux

/// What events add up to: of each file only the last one counts.
struct DirectoryChanges {
    /// Files that are there anew, in the order of their coming.
    private(set) var arrivals: [String] = []
    /// What some of them were called before, if that was in a drop directory too.
    private(set) var origins: [String: String] = [:]
    /// Files that are not there any more.
    private(set) var removals: [String] = []
    /// Files that were not there in between, whether or not they are now.
    private(set) var wereGone: Set<String> = []
    /// Files that have another owner or mode.
    private(set) var changed: Set<String> = []
    /// Whether directories came, went or were not heard of: what is in them must be listed.
    private(set) var takesListing = false
    /// Whether the file that is watched by itself may be another.
    private(set) var concernsFile = false
    /// Whether a directory in which nothing counted may be trusted now, or the other way round.
    private(set) var concernsTrust = false

    init(_ events: [DirectoryEvent]) {
        var lasts: [String: Int] = [:]
        for (index, event) in events.enumerated() { event.path.map { lasts[$0] = index } }
        for (index, event) in events.enumerated() {
            switch event {
            case .arrived(let directory, let name):
                let path = directory + "/" + name
                if lasts[path] == index { arrivals.append(path) }
            case .removed(let directory, let name):
                let path = directory + "/" + name
                wereGone.insert(path)
                if lasts[path] == index { removals.append(path) }
            case .renamed(let old, let new): origins[new] = origins.removeValue(forKey: old) ?? old
            case .attributesChanged(let directory, let name): changed.insert(directory + "/" + name)
            case .trustChanged: concernsTrust = true
            case .appeared, .gone, .overflowed: takesListing = true
            case .fileChanged: concernsFile = true
            }
        }
        let arrived = Set(arrivals)
        // Another file that took the old name is a coming and a going.
        origins = origins.filter { arrived.contains($0.key) && !arrived.contains($0.value) }
    }
}

extension DirectoryEvent {
    /// The file that came or went.
    fileprivate var path: String? {
        switch self {
        case .arrived(let directory, let name), .removed(let directory, let name):
            directory + "/" + name
        case .renamed, .attributesChanged, .trustChanged, .appeared, .gone, .fileChanged,
            .overflowed:
            nil
        }
    }
}
