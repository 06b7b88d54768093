import Grants
import Linux
import SystemPackage

/// Directories and what is heard of them.
extension Gatekeeper {
    /// Begins to hear of what happens to files, as far as inotify has room for it.
    func listenForFiles() throws(Errno) {
        guard fileSource == nil, let descriptor = watch.fileDescriptor else { return }
        fileSource = try DescriptorSource(reading: descriptor, on: executor) {
            self.assumeIsolated { $0.take($0.watch.drain()) }
        }
    }

    /// When to look at what inotify does not watch; `nil` while it watches all.
    func nextPoll(after now: Moment) -> Moment? {
        guard watch.shortage != nil else { return nil }
        let due = pollDue ?? now + .seconds(5)
        pollDue = due
        return due
    }

    /// Looks at what inotify does not watch, if that is due.
    func pollFiles() {
        guard let due = pollDue, due <= read() else { return }
        pollDue = nil
        let events = watch.poll()
        // Without a descriptor to spare for it, the next look tries again.
        try? listenForFiles()
        if !events.isEmpty { take(events) }
    }
}
