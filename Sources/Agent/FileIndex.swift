import Grants

/// Which grant each file holds, and which files hold each grant.
struct FileIndex {
    private var ids: [String: GrantID] = [:]
    private var paths: [GrantID: Set<String>] = [:]

    subscript(path: String) -> GrantID? { ids[path] }

    /// Every file that holds a live grant.
    var all: some Collection<String> { ids.keys }

    func paths(of id: GrantID) -> Set<String> { paths[id] ?? [] }

    mutating func put(_ id: GrantID, at path: String) {
        ids[path] = id
        paths[id, default: []].insert(path)
    }

    /// Forgets a file; answers the grant that no other file holds, if there is one.
    mutating func remove(_ path: String) -> GrantID? {
        guard let id = ids.removeValue(forKey: path) else { return nil }
        paths[id]?.remove(path)
        guard paths[id]?.isEmpty ?? true else { return nil }
        paths[id] = nil
        return id
    }

    /// Forgets a grant; answers the files it was in.
    mutating func remove(_ id: GrantID) -> Set<String> {
        let files = paths.removeValue(forKey: id) ?? []
        for file in files { ids[file] = nil }
        return files
    }
}
