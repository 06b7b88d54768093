import Depot
import FetchSettings
import Grants
import Linux
import SystemPackage

/// Brings files from a depot to an inbox, round by round.
struct Carrier {
    /// The mean time between two requests for the bulletin, each with the first round after it.
    private static let bulletinEvery: Duration = .seconds(60)

    private let configuration: FetchConfiguration
    private let inbox: InboxDirectory
    private let log: FetchLog
    private var reader: ShelfReader
    private var random = SystemRandomNumberGenerator()
    private(set) var cadence: Cadence
    private(set) var board: StateBoard
    private var plan: InboxPlan
    private var bulletin = ObjectWatch()
    private var bulletinDue: Duration = .zero
    private var inboxError: String?
    /// The report of the host's status, if there is to be one.
    private(set) var reporter: StatusReporter?

    init(
        _ configuration: FetchConfiguration,
        reader: DepotReader,
        board: StateBoard,
        log: FetchLog
    ) {
        self.configuration = configuration
        self.log = log
        self.board = board
        let usesHub = configuration.credentials == nil
        self.reader = ShelfReader(reader, mayBeHub: usesHub)
        let first = Self.now
        inbox = InboxDirectory(path: configuration.inbox)
        cadence = Cadence(every: configuration.every, startingAt: first, using: &random)
        reporter = StatusReporter(configuration, reader, first: cadence.due)
        plan = InboxPlan(held: [:])
        openInbox()
    }

    /// CLOCK_BOOTTIME: it is never set.
    static var now: Duration { .microseconds(ClockReading.now().bootMicroseconds) }

    /// True if all objects were answered for and all files are there.
    var isComplete: Bool {
        board.state.silentSince == nil && plan.missing == 0 && inboxError == nil
            && board.state.objects.allSatisfy { $0.state != .failing && $0.state != .unasked }
    }

    /// True if another round now would bring more files.
    var hasMore: Bool { !plan.nextFiles(at: Self.now).isEmpty }

    /// Asks for all that is due; returns whether the process is to end.
    mutating func round() -> Bool {
        do throws(RoundEnd) {
            let waited = try readAll()
            if waited {
                cadence.waited(at: Self.now, using: &random)
            } else {
                cadence.answered(at: Self.now, using: &random)
            }
        } catch {
            switch error {
            case .stopped: return true
            case .interrupted: cadence.waited(at: Self.now, using: &random)
            case .silent(let reason, let retryAfter):
                cadence.failed(at: Self.now, retryAfter: retryAfter, using: &random)
                board.silent(reason)
            }
        }
        board.inbox(plan, error: inboxError)
        board.expectNext(after: cadence.due - Self.now, certificate: configuration.certificate)
        board.save(at: Self.now)
        return false
    }

    /// The moment of the next report; `nil` while there is none, or the depot does not answer.
    var reportDue: Duration? { board.isAnswered ? reporter?.due : nil }

    /// Reports the status of the host; returns whether the process is to end.
    mutating func report() -> Bool {
        guard var reporter else { return false }
        defer { self.reporter = reporter }
        return reporter.report(&board, using: &random)
    }

    /// The agent said that the status of the host has changed, or hung up.
    mutating func statusChanged() { reporter?.changed() }

    /// The wait for news at a hub: no longer than until the next report, and until a change of status.
    private var patience: DepotReader.Patience {
        var patience = DepotReader.Patience()
        patience.interrupt = reporter?.descriptor
        guard let due = reportDue else { return patience }
        patience.wait = max(.seconds(1), min(patience.wait, due - Self.now))
        return patience
    }

    private mutating func readAll() throws(RoundEnd) -> Bool {
        reader.patience = patience
        let hostname = (try? HostFacts.readHostname()) ?? ""
        let shelves = configuration.shelves(ofHost: hostname)
        lookAtInbox()
        plan.keepOnly(shelves)
        board.expect(shelves.map(DepotObject.index) + [.bulletin])
        let waited = try reader.read(shelves, into: &plan, &board, using: &random)
        try bringBulletin()
        try bringFiles()
        dropOutdated(shelves)
        return waited
    }

    private mutating func bringBulletin() throws(RoundEnd) {
        let now = Self.now
        guard now >= bulletinDue, bulletin.isDue(at: now) else { return }
        bulletinDue = now + Cadence.around(Self.bulletinEvery, using: &random)
        let result = try reader.ask(.bulletin, &bulletin, &board)
        switch result {
        case .content(let bytes, let tag): take(bulletin: bytes, tag: tag)
        case .unchanged:
            bulletin.unchanged()
            board.answered(.bulletin, .ok, files: nil)
        // What a fleet has once it has for good: the depot lost it, or withholds it.
        case .absent where inbox.hasBulletin:
            fail(bulletin: "the depot has none any more, and had one")
        case .absent:
            bulletin.absent()
            board.answered(.bulletin, .absent, files: nil)
        case .failed(let reason): fail(bulletin: reason)
        }
    }

    private mutating func take(bulletin bytes: [UInt8], tag: String?) {
        // The agent checks its signature; a page of HTML need not go so far.
        guard bytes.first == UInt8(ascii: "{") else { return fail(bulletin: "it is no bulletin") }
        do throws(Errno) {
            if try inbox.store(bulletin: bytes) { log.write(.info, "a new bulletin") }
            bulletin.taken(tag: tag)
            board.answered(.bulletin, .ok, files: nil)
        } catch {
            fail(bulletin: "\(inbox.path): \(error)")
        }
    }

    private mutating func fail(bulletin reason: String) {
        bulletin.failed(at: Self.now, using: &random)
        bulletinDue = .zero  // its own rest is enough
        board.failed(.bulletin, reason)
    }
}

// MARK: files

extension Carrier {
    private mutating func openInbox() {
        do throws(Errno) {
            plan = InboxPlan(held: try inbox.clean())
        } catch {
            inboxError = "\(inbox.path): \(error)"
        }
    }

    /// Notes which files somebody else has removed; they are brought again.
    private mutating func lookAtInbox() {
        do throws(Errno) {
            let present = try inbox.present()
            for digest in plan.held.keys where !present.contains(digest) { plan.removed(digest) }
            inboxError = nil
        } catch {
            inboxError = "\(inbox.path): \(error)"
        }
    }

    private mutating func bringFiles() throws(RoundEnd) {
        guard inboxError == nil else { return }
        var brought = 0
        for digest in plan.nextFiles(at: Self.now) {
            while let unlisted = plan.makeRoom() { drop(unlisted) }
            guard plan.hasRoom else {
                inboxError = "\(inbox.path) is full: no index has dropped any of its files"
                break
            }
            if let problem = try bring(digest) {
                inboxError = inboxError ?? problem
                plan.failed(digest, at: Self.now, using: &random)
            } else {
                brought += 1
            }
        }
        if brought > 0 { log.write(.info, "brought \(brought.counting("file"))") }
    }

    /// Brings one file; returns the problem, if there is one.
    private mutating func bring(_ digest: ObjectDigest) throws(RoundEnd) -> String? {
        let object = DepotObject.file(digest)
        switch try reader.ask(object, unless: nil, &board) {
        case .content(let bytes, _):
            guard InboxDirectory.digest(of: bytes) == digest else {
                return "\(object.path): the depot sent a file with another digest"
            }
            return store(bytes, as: digest)
        case .absent: return "\(object.path): an index names it, and the depot lacks it"
        case .failed(let reason): return "\(object.path): \(reason)"
        case .unchanged: return "\(object.path): unchanged"
        }
    }

    private mutating func store(_ bytes: [UInt8], as digest: ObjectDigest) -> String? {
        do throws(Errno) {
            try inbox.store(bytes, as: digest)
            plan.stored(digest, size: bytes.count)
            return nil
        } catch {
            return "\(inbox.path): \(error)"
        }
    }

    private mutating func dropOutdated(_ shelves: [ShelfName]) {
        let isComplete = shelves.allSatisfy { plan.fileCount(of: $0) != nil }
        let outdated = plan.outdated(at: Self.now, isComplete: isComplete)
        outdated.forEach { drop($0) }
        guard !outdated.isEmpty else { return }
        log.write(.info, "removed \(outdated.count.counting("file")) that no index names any more")
    }

    private mutating func drop(_ digest: ObjectDigest) {
        inbox.remove(digest)
        plan.removed(digest)
    }
}
