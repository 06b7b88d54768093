import Grants
import Linux

/// Which grant each file holds, and which files hold each grant.
struct GrantHolders {
    private struct Held {
        let id: GrantID
        /// The state of the file that it was read in.
        let state: FileIdentity
    }

    private var held: [String: Held] = [:]
    private var paths: [GrantID: Set<String>] = [:]

    subscript(path: String) -> GrantID? { held[path]?.id }

    /// Every file that holds a live grant.
    var all: some Collection<String> { held.keys }

    func paths(of id: GrantID) -> Set<String> { paths[id] ?? [] }

    mutating func put(_ id: GrantID, at path: String, in state: FileIdentity) {
        held[path] = Held(id: id, state: state)
        paths[id, default: []].insert(path)
    }

    /// Forgets a file; answers the grant that no other file holds, if there is one.
    mutating func remove(_ path: String) -> GrantID? {
        guard let id = held.removeValue(forKey: path)?.id else { return nil }
        paths[id]?.remove(path)
        guard paths[id]?.isEmpty ?? true else { return nil }
        paths[id] = nil
        return id
    }

    /// Forgets a grant; answers the files it was in, each in the state that it was read in.
    mutating func remove(_ id: GrantID) -> [String: FileIdentity] {
        var files: [String: FileIdentity] = [:]
        for path in paths.removeValue(forKey: id) ?? [] {
            files[path] = held.removeValue(forKey: path)?.state
        }
        return files
    }
}
