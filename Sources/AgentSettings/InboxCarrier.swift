extension Inbox {
    /// The file in which jitgate-fetch says how it goes with the depot, if it fills this inbox.
    package var carrierState: String {
        let slash = directory.lastIndex(of: "/") ?? directory.startIndex
        return directory[..<slash] + "/state.json"
    }
}
