import Dispatch
import Linux
import Recording

/// Work on files that nothing waits for: the files of ended grants go away, evidence is copied,
/// archives are merged, what the next start goes by is saved.
///
/// It is done a few files at a time, so that it never holds up what is due; what waits for the disk
/// does so on a queue of its own.
extension Gatekeeper {
    /// So many at a time: a file system may take its time for each.
    private static let portion = 100

    /// Removes files, once all else that waits is done, unless they are others by then.
    func remove(_ files: [String: FileIdentity]) {
        leftovers.merge(files) { $1 }
    }

    /// Does a portion now, and sees to the rest.
    func tidy() {
        guard !isTidying else { return }
        for _ in 0..<Self.portion {
            guard let (path, state) = leftovers.popFirst() else { break }
            DirectoryWatch.remove(path, in: state)
        }
        trail.doUpkeep(atMost: Self.portion)
        guard !leftovers.isEmpty || trail.hasUpkeep else {
            saveIfDue()
            return
        }
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

    private func saveIfDue() {
        guard let saving = trail.beginSaving() else { return }
        disk.async {
            let result = Result { () throws(RecordingError) in try saving.run() }
            self.executor.queue.async {
                self.assumeIsolated { $0.end(saving, result) }
            }
        }
    }

    private func end(_ saving: Saving, _ result: Result<Void, RecordingError>) {
        trail.end(saving, result)
        reportToService()
        ProgramPages.release()
    }

    /// Saves what the next start goes by, now.
    func save() {
        // Not two at a time.
        disk.sync {}
        trail.save()
    }
}
