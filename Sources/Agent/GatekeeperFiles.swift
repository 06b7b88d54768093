import Admission
import Auditing
import Configuration
import Dispatch
import Grants
import Linux
import Scheduling
import SystemPackage

/// Which files are read, and when: some at a time, with everything else that is due in between.
extension Gatekeeper {
    /// How much is read before anything else is done.
    private enum Effort {
        /// Little: others wait.
        case turn
        /// All, unless that is very much or is refused for the greater part: nobody is heard before.
        case everything

        var batch: Int { self == .turn ? 16 : 256 }
        var time: Duration { self == .turn ? .milliseconds(20) : .seconds(10) }
        var refusals: Int { self == .turn ? .max : 1000 }
    }

    /// In bytes: of larger files fewer are read at once.
    private static let batchSize = 2 << 20
    /// Where a file goes and so many come at once, they are read before it counts as gone.
    private static let related = 64

    /// Something happened in the directories, or to the allowed signers.
    func take(_ events: [DirectoryEvent]) {
        let isBack = followClocks()
        let changes = DirectoryChanges(events)
        changes.wereGone.forEach { trail.forgetRefusal(of: $0) }
        let renamed = Set(changes.origins.values)
        let hidesUnread = !unread.isDisjoint(with: changes.removals)
        for path in changes.removals where !renamed.contains(path) { withdraw(path) }
        for path in changes.arrivals {
            intake.add(path, renamedFrom: changes.origins[path])
        }
        for path in changes.changed where refused.isDistrusted(path) || unread.contains(path) {
            intake.add(path)
        }
        let isRenamed = hostRenamed()
        if changes.concernsFile, signersChanged() { return }
        if isRenamed { return }
        if isBack || changes.takesListing || hidesUnread
            || changes.concernsTrust && trustReturned()
        {
            return rescan()
        }
        if !changes.removals.isEmpty, changes.arrivals.count <= Self.related {
            read(intake.take(changes.arrivals))
        }
        if intake.isTurnDue { settle() } else { takeIn(.turn) }
    }

    /// Lists every directory and takes what it finds for all there is.
    ///
    /// What an earlier reading knows is read at once, and nearly always the rest too.
    func rescan() {
        unread = []
        refused.reset()
        refused.untrusted = untrustedDirectories()
        var paths: [String] = []
        for directory in rulebook.configuration.grantDirectories {
            paths += names(in: directory).map { directory + "/" + $0 }
        }
        var known = Set(files.all)
        for standing in trail.ledger.standings.values {
            known.formUnion(standing.live?.fields[.file] ?? [])
        }
        let first = paths.filter(known.contains)
        intake.list(first + paths.filter { !known.contains($0) }, owed: first.count)
        takeIn(.everything)
    }

    /// Tries again what could not be read.
    func readAgain() {
        guard unread.isDisjoint(with: rulebook.configuration.grantDirectories) else {
            return rescan()
        }
        intake.retry(unread)
        takeIn(.turn)
    }

    /// The grant files of a directory; one that is missing has none, and the watch tells when it is there.
    private func names(in directory: String) -> [String] {
        do throws(Errno) {
            return try DirectoryWatch.list(directory)
        } catch .noSuchFileOrDirectory, .notDirectory {
            return []
        } catch {
            // Out of descriptors, say: that ends nobody's grant.
            unread.insert(directory)
            return []
        }
    }

    /// Reads a portion of what waits, acts on it, and sees to the rest.
    private func takeIn(_ effort: Effort) {
        let begin = ContinuousClock.now
        var left = effort.refusals
        repeat {
            left -= read(nextItems(atMost: effort.batch))
        } while !intake.isEmpty
            && (intake.owed > 0 || left > 0 && ContinuousClock.now - begin < effort.time)
        if let seen = intake.endScanIfDone() { endScan(seen) }
        if intake.isEmpty, intake.isRetrying {
            intake.isRetrying = false
            if unread.isEmpty { return rescan() }
        }
        settle()
        guard !intake.isEmpty, !intake.isTurnDue else { return }
        intake.isTurnDue = true
        executor.queue.async {
            self.assumeIsolated { gatekeeper in
                gatekeeper.intake.isTurnDue = false
                gatekeeper.takeIn(.turn)
            }
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
        files.all.filter { path in !seen.contains(path) && !hidden.contains(where: path.hasPrefix) }
            .forEach { forget($0) }
        if !unseenOpenings.isEmpty { isInstalled = false }
        if unread.isEmpty || isClone { endWhatHasNoFile() }
    }

    /// A file is gone, and with it what it still had to say.
    private func withdraw(_ path: String) {
        for gone in intake.remove(path).union([path]) {
            refused.remove(gone)
            if let id = forget(gone) { intake.withdrawn.insert(id) }
        }
    }

    /// Reads files and judges them, in this order; answers how many were refused.
    @discardableResult
    private func read(_ items: [Intake.Item]) -> Int {
        var scan = TrustedFile()
        var opened: [(item: Intake.Item, file: OpenedFile)] = []
        var size = 0
        let before = refused.count
        for item in items {
            if let content = open(item.path, &scan) {
                size += content.bytes.count
                opened.append((item, OpenedFile(path: item.path, content: content)))
            }
            if size > Self.batchSize {
                judge(&opened)
                size = 0
            }
        }
        judge(&opened)
        for origin in items.flatMap(\.origins) { withdraw(origin) }
        return refused.count - before
    }

    /// Checks all signatures, which is the most work, on all cores, and then judges one after the other.
    private func judge(_ opened: inout [(item: Intake.Item, file: OpenedFile)]) {
        let (rulebook, ledger, now) = (rulebook, trail.ledger, read())
        let opening = timeline.opening
        let results = workers.map(opened.map(\.file)) {
            $0.read(by: rulebook, ledger, at: now, opening: opening)
        }
        for (place, file) in zip(opened, results) {
            receive(file, place.file.content.identity, isListed: place.item.isListed)
        }
        opened = []
    }

    /// The drop directories in which nothing counts, and why; that is looked at again once it may be
    /// mended.
    func untrustedDirectories() -> [String: TrustError] {
        var scan = TrustedFile()
        var found: [String: TrustError] = [:]
        for directory in rulebook.configuration.grantDirectories {
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

    /// Whether a directory is trusted now that was not.
    private func trustReturned() -> Bool {
        let before = refused.untrusted
        refused.untrusted = untrustedDirectories()
        return before.keys.contains { refused.untrusted[$0] == nil }
    }
}
