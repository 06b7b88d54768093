import Linux

/// The sum of some events: of each file only the last one counts.
struct DirectoryChanges {
    /// Files that are new or were replaced, in the order of their coming.
    private(set) var arrivals: [String] = []
    /// The former names of arrivals that were renamed within drop directories.
    private(set) var origins: [String: String] = [:]
    /// Files that are not there any more.
    private(set) var removals: [String] = []
    /// Files that were not there in between, whether or not they are now.
    private(set) var wereGone: Set<String> = []
    /// Files that have another owner or mode.
    private(set) var changed: Set<String> = []
    /// Indicates that directories came, went or were not heard of: their contents must be listed.
    private(set) var takesListing = false
    /// Indicates that the file that is watched by itself may be another.
    private(set) var concernsFile = false
    /// Indicates that a distrusted directory may be trusted now, or the other way round.
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
        // A file that replaces another one counts as a removal and an arrival.
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
