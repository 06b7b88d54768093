import Dispatch
import Linux

/// Work on files that nothing waits for: the files of ended grants go away, evidence is copied,
/// archives are merged.
///
/// It is done a few files at a time, so that it never holds up what is due.
extension Gatekeeper {
    /// So many at a time: a file system may take its time for each.
    private static let portion = 100

    /// Removes files, once all else that waits is done.
    func remove(_ paths: some Sequence<String>) {
        leftovers.formUnion(paths)
    }

    /// Does a portion now, and sees to the rest.
    func tidy() {
        guard !isTidying else { return }
        for _ in 0..<Self.portion {
            guard let path = leftovers.popFirst() else { break }
            DirectoryWatch.remove(path)
        }
        trail.doUpkeep(atMost: Self.portion)
        guard !leftovers.isEmpty || trail.hasUpkeep else { return }
        isTidying = true
        executor.queue.async {
            self.assumeIsolated { gatekeeper in
                gatekeeper.isTidying = false
                gatekeeper.tidy()
                // It was much: what it took is of no use to the small things that follow.
                if !gatekeeper.isTidying { ProgramPages.release() }
            }
        }
    }
}
