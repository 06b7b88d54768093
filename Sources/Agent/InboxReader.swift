import AgentSettings
import Dispatch
import Linux
import SystemPackage

/// Reads inboxes on a queue of its own, so that what others write there holds up nobody else.
///
/// It hands the loop one batch at a time and goes on when that is judged. With nothing to read it
/// sleeps until inotify wakes it.
actor InboxReader {
    /// The files and bytes that are read at a time.
    private static let batch = (files: 20, bytes: 2 << 20)
    /// The pauses, in microseconds, between listings and between looks at what inotify does not
    /// watch.
    private static let (listing, polling): (Int64, Int64) = (1_000_000, 5_000_000)
    /// The number of events at once after which none is heard for a pause: the kernel keeps or
    /// counts them.
    private static let flood = (events: 512, pause: Int64(250_000))

    nonisolated let executor = EngineExecutor(label: "io.jitgate.inbox")
    nonisolated var unownedExecutor: UnownedSerialExecutor {
        unsafe executor.asUnownedSerialExecutor()
    }

    private var inboxes: [WatchedInbox]
    private let watch: DirectoryWatch
    private var deliver: (@Sendable (OfferBatch) -> Void)?
    private var source: DescriptorSource?
    private var timer: (any DispatchSourceTimer)?
    private var rate = ReadingRate()
    /// True while the loop has a batch.
    private var isAway = false
    /// The wish to list the directories; `again` has files read that were read before.
    private var wish: (list: Bool, again: Bool) = (true, true)
    private var listedAt = Int64.min
    private var pausedUntil: Int64?
    /// The inbox whose turn it is.
    private var turn = 0
    private var told: [OfferBatch.Problem] = []

    init(_ inboxes: [Inbox], _ watch: DirectoryWatch) {
        self.inboxes = inboxes.map(WatchedInbox.init)
        self.watch = watch
    }

    // MARK: calls by the loop

    /// Delivers offers from now on, once `lookAgain` says that it is time for it.
    nonisolated func start(_ deliver: @escaping @Sendable (OfferBatch) -> Void) {
        executor.queue.async { self.assumeIsolated { $0.deliver = deliver } }
    }

    /// Lists all inboxes, and reads everything again that the loop could judge otherwise now.
    nonisolated func lookAgain() {
        executor.queue.async {
            self.assumeIsolated {
                $0.wish = (true, true)
                $0.go()
            }
        }
    }

    /// The last batch is judged.
    nonisolated func goOn() {
        executor.queue.async {
            self.assumeIsolated {
                $0.isAway = false
                $0.go()
            }
        }
    }

    // MARK: events

    private func hear() {
        let events = watch.drain()
        if events.count >= Self.flood.events {
            pausedUntil = Self.now() + Self.flood.pause
            source?.pause()
        }
        take(events)
        go()
    }

    private func take(_ events: [DirectoryEvent]) {
        for event in events {
            switch event {
            case .arrived(let directory, let name): change(directory) { $0.arrived(name) }
            case .removed(let directory, let name): change(directory) { $0.removed(name) }
            case .attributesChanged(let directory, let name):
                change(directory) { $0.attributesChanged(name) }
            case .appeared, .gone, .overflowed, .trustChanged: wish.list = true
            case .renamed, .fileChanged: break
            }
        }
    }

    private func change(_ directory: String, _ body: (inout WatchedInbox) -> Void) {
        guard let index = inboxes.firstIndex(where: { $0.directory == directory }) else { return }
        body(&inboxes[index])
    }

    // MARK: work

    /// Does the work that is allowed now, and sets the timer for the rest.
    private func go() {
        let now = Self.now()
        listen()
        resume(at: now)
        list(at: now)
        if !isAway { send(readBatch()) }
        arm()
    }

    /// Begins to receive events, as far as inotify has room for it.
    private func listen() {
        guard source == nil, let descriptor = watch.fileDescriptor else { return }
        // Without a descriptor to spare the next look tries again.
        source = try? DescriptorSource(reading: descriptor, on: executor) { [weak self] in
            self?.assumeIsolated { $0.hear() }
        }
    }

    private func resume(at now: Int64) {
        guard let end = pausedUntil, end <= now else { return }
        pausedUntil = nil
        source?.resume()
    }

    private func list(at now: Int64) {
        guard wish.list, nextListing <= now else { return }
        listedAt = now
        let again = wish.again
        wish = (false, false)
        for index in inboxes.indices {
            if let fault = inboxes[index].list(again: again) { watch.awaitTrust(in: fault) }
        }
    }

    private var nextListing: Int64 { listedAt == .min ? .min : listedAt + Self.listing }

    private func readBatch() -> OfferBatch {
        var batch = OfferBatch()
        while batch.count < Self.batch.files, batch.size < Self.batch.bytes {
            let now = Self.now()
            guard rate.next(at: now) <= now, let index = nextInbox() else { break }
            guard let name = inboxes[index].queue.next(),
                let size = inboxes[index].read(name, into: &batch)
            else { continue }
            rate.add(size, at: now)
        }
        if inboxes.contains(where: \.wantsListing) { wish.list = true }
        let problems = inboxes.compactMap(\.firstProblem)
        if problems != told { batch.problems = problems }
        return batch
    }

    /// The next inbox, in turn, of which something waits.
    private func nextInbox() -> Int? {
        for step in 1...max(1, inboxes.count) {
            let index = (turn + step) % max(1, inboxes.count)
            guard inboxes.indices.contains(index), !inboxes[index].queue.isEmpty else { continue }
            turn = index
            return index
        }
        return nil
    }

    private func send(_ batch: OfferBatch) {
        guard !batch.isEmpty else { return }
        if let problems = batch.problems { told = problems }
        isAway = true
        deliver?(batch)
    }

    // MARK: time

    private static func now() -> Int64 { ClockReading.now().bootMicroseconds }

    /// The timer rings when there is something to do that no event tells of, and else never.
    private func arm() {
        let now = Self.now()
        let isWaiting = !isAway && inboxes.contains { !$0.queue.isEmpty }
        let dues = [
            wish.list ? nextListing : nil, pausedUntil, isWaiting ? rate.next(at: now) : nil,
            watch.shortage == nil ? nil : now + Self.polling,
        ]
        timer?.cancel()
        timer = nil
        guard let due = dues.compactMap(\.self).min() else { return }
        let timer = DispatchSource.makeTimerSource(queue: executor.queue)
        timer.setEventHandler { [weak self] in self?.assumeIsolated { $0.timePassed() } }
        timer.schedule(deadline: .now() + .microseconds(Int(max(1000, due - now))))
        timer.activate()
        self.timer = timer
    }

    private func timePassed() {
        if watch.shortage != nil { take(watch.poll()) }
        go()
    }
}
