import Linux

/// What events add up to: of each file only the last one counts.
struct DirectoryChanges {
    /// Files that are there anew, in the order of their coming.
    private(set) var arrivals: [String] = []
    /// Files that are not there any more.
    private(set) var removals: [String] = []
    /// Files that were not there in between, whether or not they are now.
    private(set) var wereGone: Set<String> = []
    /// Whether directories came, went or were not heard of: what is in them must be listed.
    private(set) var takesListing = false
    /// Whether the file that is watched by itself may be another.
    private(set) var concernsFile = false

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
            case .appeared, .gone, .overflowed: takesListing = true
            case .fileChanged: concernsFile = true
            }
        }
    }
}

extension DirectoryEvent {
    /// The file that came or went.
    fileprivate var path: String? {
        switch self {
        case .arrived(let directory, let name), .removed(let directory, let name):
            directory + "/" + name
        case .appeared, .gone, .fileChanged, .overflowed: nil
        }
    }
}
