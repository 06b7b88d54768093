import Configuration
import Grants
import Linux
import SystemPackage

/// The drop directories, and what is heard of them.
final class DropDirectories {
    private let watch: DirectoryWatch
    /// Tells of what happens to files; `nil` while inotify has no room for it.
    private var source: DescriptorSource?
    /// When the directories that inotify does not watch are looked at next.
    private var pollDue: Moment?
    private let policy: PolicyManager
    private let events: LoopEvents

    init(_ watch: DirectoryWatch, _ policy: PolicyManager, _ events: LoopEvents) {
        self.watch = watch
        self.policy = policy
        self.events = events
    }

    /// Why inotify does not watch all of them.
    var shortage: String? { watch.shortage.map { "\($0)" } }

    /// Those that do not exist.
    var missing: [String] { watch.missing }

    /// Begins to hear of what happens to files, as far as inotify has room for it.
    func listen() throws(Errno) {
        guard source == nil, let descriptor = watch.fileDescriptor else { return }
        source = try events.source(reading: descriptor, .filesChanged)
    }

    /// What happened since the last time.
    func takeEvents() -> [DirectoryEvent] { watch.drain() }

    /// When to look at what inotify does not watch; `nil` while it watches all.
    func nextPoll(after now: Moment) -> Moment? {
        guard watch.shortage != nil else { return nil }
        let due = pollDue ?? now + .seconds(5)
        pollDue = due
        return due
    }

    /// Looks at what inotify does not watch, if that is due.
    func poll(at now: Moment) -> [DirectoryEvent] {
        guard let due = pollDue, due <= now else { return [] }
        pollDue = nil
        let events = watch.poll()
        // Without a descriptor to spare for it, the next look tries again.
        try? listen()
        return events
    }

    /// The grant files of a directory, `nil` if it cannot be read; one that is missing has none, and the
    /// watch tells when it is there.
    func names(in directory: String) -> [String]? {
        do throws(Errno) {
            return try DirectoryWatch.list(directory)
        } catch .noSuchFileOrDirectory, .notDirectory {
            return []
        } catch {
            // Out of descriptors, say: that ends nobody's grant.
            return nil
        }
    }

    /// Those in which nothing counts, and why; that is looked at again once it may be mended.
    func untrusted() -> [String: TrustError] {
        var scan = TrustedFile()
        var found: [String: TrustError] = [:]
        for directory in policy.configuration.grantDirectories {
            do throws(TrustError) {
                try scan.check(directory: directory)
            } catch {
                guard error.code != .missing else { continue }
                found[directory] = error
                watch.awaitTrust(in: error.path)
            }
        }
        return found
    }
}
