import Conditions
import AgentSettings
import Grants
import Linux
import SystemPackage

/// The drop directories, and the events in them.
final class DropDirectories {
    private let watch: DirectoryWatch
    /// Of the inboxes, which are read elsewhere: the same kernel's limits hold for both.
    private let inboxWatch: DirectoryWatch?
    /// The source of events; `nil` while inotify has no room for it.
    private var source: DescriptorSource?
    /// The moment to look again at the directories that inotify does not watch.
    private var pollDue: Moment?
    /// True if a directory may have come, gone, or found room in inotify since that was noted.
    private var isStale = true
    private let policy: PolicyManager
    private let events: LoopEvents
    private let conditions: HostConditions

    init(
        _ watch: DirectoryWatch,
        _ inboxWatch: DirectoryWatch?,
        _ policy: PolicyManager,
        _ events: LoopEvents,
        _ conditions: HostConditions
    ) {
        self.watch = watch
        self.inboxWatch = inboxWatch
        self.policy = policy
        self.events = events
        self.conditions = conditions
    }

    /// Notes which of them do not exist, and whether inotify watches all of them.
    func noteConditions() {
        guard isStale else { return }
        isStale = false
        conditions.set(
            .dropDirectoryMissing,
            watch.missing.map(FileConditions.dropDirectoryMissing)
        )
        let polled = (watch.shortage ?? inboxWatch?.shortage).map { shortage in
            FileConditions.filesPolled(because: shortage.reason, mend: shortage.remedy)
        }
        conditions.set(.filesPolled, polled)
    }

    /// Begins to receive events of files, as far as inotify has room for it.
    func listen() throws(Errno) {
        guard source == nil, let descriptor = watch.fileDescriptor else { return }
        source = try events.source(reading: descriptor, .filesChanged)
    }

    /// Takes the events since the last time.
    func takeEvents() -> [DirectoryEvent] {
        isStale = true
        return watch.drain()
    }

    /// The moment to look at what inotify does not watch; `nil` while it watches all.
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
        isStale = true
        let events = watch.poll()
        // Without a descriptor to spare for it, the next look tries again.
        try? listen()
        return events
    }

    /// The grant files of a directory, `nil` if it cannot be read; one that is missing has none, and the
    /// watch tells when it is there.
    func names(in directory: String) -> [String]? {
        isStale = true
        do throws(Errno) {
            return try DirectoryWatch.list(directory)
        } catch .noSuchFileOrDirectory, .notDirectory {
            return []
        } catch {
            // Such as out of descriptors, which must end nobody's grant.
            return nil
        }
    }

    /// The directories in which nothing counts, and why; looked at again once they may be right.
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
