import StrictTOML

/// Finds directories of a policy that would get into each other's way.
struct PathConflicts {
    let grants: TOMLTable
    let configuration: Configuration

    func find() {
        let directories = configuration.grantDirectories
        if directories.isEmpty {
            grants.refuse("directories", "names no directory", "grants must come from somewhere")
        }
        for (index, directory) in directories.enumerated() {
            for earlier in directories[..<index] where Self.overlap(directory, earlier) {
                let remedy = "a grant's file must lie in one of them only"
                refuse(index, "overlaps with \(QuotedText(earlier))", remedy)
            }
            findOwn("audit.directory", configuration.auditDirectory, at: index)
            findOwn("state.directory", configuration.stateDirectory, at: index)
        }
    }

    /// Finds drop directories among what the agent writes: the evidence in the state directory is
    /// grant files, ended ones among them, and must not be taken for arrivals.
    private func findOwn(_ key: String, _ path: String, at index: Int) {
        guard Self.overlap(path, configuration.grantDirectories[index]) else { return }
        refuse(index, "overlaps with `\(key)` \(QuotedText(path))", "keep the two apart")
    }

    private func refuse(_ index: Int, _ reason: String, _ remedy: String) {
        grants.findings.add(
            grants.path["directories"][index],
            TOMLValue.Refusal(
                "is \(QuotedText(configuration.grantDirectories[index])), which \(reason)",
                remedy
            )
        )
    }

    /// Returns true if one is the other or lies inside it.
    static func overlap(_ left: String, _ right: String) -> Bool {
        let (left, right) = (left.utf8, right.utf8)
        let (short, long) = left.count < right.count ? (left, right) : (right, left)
        return long.starts(with: short)
            && (long.count == short.count
                || long.dropFirst(short.count).first == UInt8(ascii: "/"))
    }
}
