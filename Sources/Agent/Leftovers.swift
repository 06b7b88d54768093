import Dispatch
import Linux

/// The files of grants that have ended, which go away without holding up what is due.
extension Gatekeeper {
    /// So many at a time: a file system may take its time for each.
    private static let sweepSize = 100

    /// Removes files; those beyond a few once all else that waits is done.
    func remove(_ paths: [String]) {
        let isSweeping = !leftovers.isEmpty
        leftovers.formUnion(paths)
        if !isSweeping { sweep() }
    }

    private func sweep() {
        for _ in 0..<Self.sweepSize {
            guard let path = leftovers.popFirst() else { return }
            DirectoryWatch.remove(path)
        }
        guard !leftovers.isEmpty else { return }
        executor.queue.async { self.assumeIsolated { $0.sweep() } }
    }
}
