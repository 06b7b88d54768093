import Grants
import Linux

/// The holders of each grant: files of drop directories, or the log for a grant from an inbox.
struct GrantHolders {
    private struct Held {
        let id: GrantID
        /// The state of the file that it was read in.
        let state: FileIdentity
    }

    private var held: [String: Held] = [:]
    private var paths: [GrantID: Set<String>] = [:]
    /// The grants that the log holds, whatever files there are.
    private(set) var adopted: Set<GrantID> = []

    subscript(path: String) -> GrantID? { held[path]?.id }

    /// Every file that holds a live grant.
    var files: some Collection<String> { held.keys }

    /// Returns true if a file or the log holds a grant.
    func hold(_ id: GrantID) -> Bool { adopted.contains(id) || paths[id] != nil }

    mutating func put(_ id: GrantID, at path: String, in state: FileIdentity) {
        held[path] = Held(id: id, state: state)
        paths[id, default: []].insert(path)
    }

    mutating func adopt(_ id: GrantID) { adopted.insert(id) }

    /// Notes that the log does not hold a grant any more.
    mutating func disown(_ id: GrantID) { adopted.remove(id) }

    /// Forgets a file; returns the grant that nothing else holds, if there is one.
    mutating func remove(_ path: String) -> GrantID? {
        guard let id = held.removeValue(forKey: path)?.id else { return nil }
        paths[id]?.remove(path)
        if paths[id]?.isEmpty == true { paths[id] = nil }
        return hold(id) ? nil : id
    }

    /// Forgets a grant; returns the files it was in, each in the state that it was read in.
    mutating func remove(_ id: GrantID) -> [String: FileIdentity] {
        adopted.remove(id)
        var files: [String: FileIdentity] = [:]
        for path in paths.removeValue(forKey: id) ?? [] {
            files[path] = held.removeValue(forKey: path)?.state
        }
        return files
    }
}
