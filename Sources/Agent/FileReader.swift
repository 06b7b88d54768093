import Admission
import Auditing
import AgentSettings
import Grants
import Lifecycle
import Linux

/// Decides which files are read, and when: some at a time, with everything else that is due in between.
final class FileReader {
    /// The amount that is read before anything else is done.
    private enum Effort {
        /// Little: others wait.
        case turn
        /// All, unless that is very much or mostly refused: no caller is heard before.
        case everything

        var batch: Int { self == .turn ? 16 : 256 }
        var time: Duration { self == .turn ? .milliseconds(20) : .seconds(10) }
        var refusals: Int { self == .turn ? .max : 1000 }
    }

    /// In bytes: of larger files fewer are read at once.
    private static let batchSize = 2 << 20
    /// The most arrivals that are read before a file that went counts as gone: one may be its new
    /// name.
    private static let related = 64

    /// Files that wait to be read.
    private var intake = Intake()
    /// Drop directories, and files in them, that are there and could not be read.
    private(set) var unread: Set<String> = [] {
        didSet { isUnreadTaken = false }
    }
    private var isUnreadTaken = true
    private let directories: DropDirectories
    private let submissions: Submissions
    private let judge: FileJudge
    private let policy: PolicyManager
    private let grants: GrantTable
    private let audit: AuditWriter
    private let clocks: Clocks
    private let events: LoopEvents

    init(
        _ directories: DropDirectories,
        _ submissions: Submissions,
        _ judge: FileJudge,
        _ policy: PolicyManager,
        _ grants: GrantTable,
        _ audit: AuditWriter,
        _ clocks: Clocks,
        _ events: LoopEvents
    ) {
        self.directories = directories
        self.submissions = submissions
        self.judge = judge
        self.policy = policy
        self.grants = grants
        self.audit = audit
        self.clocks = clocks
        self.events = events
    }

    /// True while files wait to be read.
    var isBusy: Bool { !intake.isEmpty }

    /// The first of the files that could not be read, if they have changed.
    func takeUnread() -> [String]? {
        defer { isUnreadTaken = true }
        return isUnreadTaken ? nil : RefusedFiles.first(of: unread)
    }

    // MARK: events

    /// Takes in changes of the directories; returns whether all files have to be listed for it.
    func take(_ changes: DirectoryChanges) -> Bool {
        changes.wereGone.forEach { audit.forgetRefusal(of: $0) }
        let renamed = Set(changes.origins.values)
        let hidesUnread = !unread.isDisjoint(with: changes.removals)
        for path in changes.removals where !renamed.contains(path) { withdraw(path) }
        for path in changes.arrivals {
            intake.add(path, renamedFrom: changes.origins[path])
        }
        for path in changes.changed
        where submissions.refused.isDistrusted(path) || unread.contains(path) {
            intake.add(path)
        }
        return changes.takesListing || hidesUnread || changes.concernsTrust && trustReturned()
    }

    // MARK: reading

    /// Lists every directory and counts the files found as all there are.
    ///
    /// Files that an earlier reading knows are read at once, and nearly always the rest too.
    func readEverything() {
        list()
        read(.everything)
    }

    /// Reads arrivals, as far as that does not hold up others; those that must be read before a
    /// file counts as gone are read in any case.
    func readArrivals(_ changes: DirectoryChanges) {
        if !changes.removals.isEmpty, changes.arrivals.count <= Self.related {
            read(intake.take(changes.arrivals))
        }
        if !intake.isTurnDue { read(.turn) }
    }

    /// Reads a portion of the waiting files.
    func readPortion() {
        intake.isTurnDue = false
        read(.turn)
    }

    /// Tries again to read files that could not be read.
    func readAgain() {
        guard unread.isDisjoint(with: policy.configuration.grantDirectories) else {
            return readEverything()
        }
        intake.retry(unread)
        read(.turn)
    }

    /// Makes sure that the waiting files are read, once all that is due is done.
    func scheduleRest() {
        guard !intake.isEmpty, !intake.isTurnDue else { return }
        intake.isTurnDue = true
        events.post(.filesWait)
    }

    /// Ends the grants that are in no file any more.
    func endFileless() {
        grants.endFileless(whileScanning: intake.isScanning, butFor: intake.withdrawn)
        intake.withdrawn = []
    }

    private func list() {
        unread = []
        submissions.forgetRefusals(untrusted: directories.untrusted())
        var paths: [String] = []
        for directory in policy.configuration.grantDirectories {
            if let names = directories.names(in: directory) {
                paths += names.map { directory + "/" + $0 }
            } else {
                unread.insert(directory)
            }
        }
        var known = Set(grants.paths)
        for grantState in audit.logState.grantStates.values {
            known.formUnion(grantState.live?.fields[.file] ?? [])
        }
        let first = paths.filter(known.contains)
        intake.list(first + paths.filter { !known.contains($0) }, owed: first.count)
    }

    private func read(_ effort: Effort) {
        let begin = ContinuousClock.now
        var left = effort.refusals
        repeat {
            left -= read(nextItems(atMost: effort.batch))
        } while !intake.isEmpty
            && (intake.owed > 0 || left > 0 && ContinuousClock.now - begin < effort.time)
        if let seen = intake.endScanIfDone() { endScan(seen) }
        if intake.isEmpty, intake.isRetrying {
            intake.isRetrying = false
            if unread.isEmpty { readEverything() }
        }
    }

    private func nextItems(atMost count: Int) -> [Intake.Item] {
        var items: [Intake.Item] = []
        while items.count < count, let item = intake.next() { items.append(item) }
        return items
    }

    /// Every file that there is has been read: the others are gone.
    private func endScan(_ seen: Set<String>) {
        let hidden = unread.map { $0 + "/" }
        grants.paths
            .filter { path in !seen.contains(path) && !hidden.contains(where: path.hasPrefix) }
            .forEach { grants.forget($0) }
        if unread.isEmpty || audit.isClone {
            let rule = audit.isClone ? EndReason.policy : nil
            grants.endUnseen(because: rule, at: clocks.read().closing)
        }
        grants.lifecycle.shutUnseen()
    }

    /// Notes that a file is gone, and with it what it would still have said.
    private func withdraw(_ path: String) {
        for gone in intake.remove(path).union([path]) {
            if let id = submissions.withdraw(gone) { intake.withdrawn.insert(id) }
        }
    }

    /// Reads files and judges them, in this order; returns how many were refused.
    @discardableResult
    private func read(_ items: [Intake.Item]) -> Int {
        var scan = TrustedFile()
        var opened: [OpenedFile] = []
        var size = 0
        let before = submissions.refused.count
        for item in items {
            if let content = open(item.path, &scan) {
                size += content.bytes.count
                let origin = ArrivalOrigin.file(item.path, content.identity)
                let isListed = item.isListed
                opened.append(OpenedFile(origin: origin, bytes: content.bytes, isListed: isListed))
            }
            if size > Self.batchSize {
                judge.judge(opened)
                (opened, size) = ([], 0)
            }
        }
        judge.judge(opened)
        for origin in items.flatMap(\.origins) { withdraw(origin) }
        return submissions.refused.count - before
    }

    /// Opens a file; `nil` if it is not there or not one to be read.
    private func open(_ path: String, _ scan: inout TrustedFile) -> TrustedFile.Content? {
        unread.remove(path)
        submissions.begin(path)
        do {
            return try scan.read(path, limit: GrantIntake.fileLimit)
        } catch {
            let isElsewhere = error.code != .missing && error.path != path
            let asks = isElsewhere && submissions.refused.untrusted.isEmpty
            submissions.refuse(path, error, asks ? directories.untrusted() : nil)
            if error.code == .unreadable { unread.insert(path) }
            return nil
        }
    }

    /// Returns true if a directory is trusted now that was not.
    private func trustReturned() -> Bool {
        let before = submissions.refused.untrusted
        let now = directories.untrusted()
        submissions.refused.untrusted = now
        return before.keys.contains { now[$0] == nil }
    }
}
