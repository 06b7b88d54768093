import Depot
import Grants
import Linux
import SystemPackage
import Transfer

/// The state of jitgate-fetch: written to its state file, and logged when it changes.
struct StateBoard {
    private static let interval: Duration = .seconds(60)

    private(set) var state: CarrierState
    private let path: String
    private let log: FetchLog
    private var isChanged = true
    private var written: Duration?
    private var writeError: Errno?

    init(_ state: CarrierState, path: String, log: FetchLog) {
        (self.state, self.path, self.log) = (state, path, log)
    }

    /// The objects that are asked for from now on; what is known of them stays.
    mutating func expect(_ objects: [DepotObject]) {
        let paths = objects.map(\.path)
        guard paths != state.objects.map(\.object) else { return }
        let known = state.objects
        state.objects = paths.map { path in
            known.first { $0.object == path } ?? CarrierState.Object(path)
        }
        isChanged = true
    }

    mutating func answered(_ object: DepotObject, _ result: ObjectWatch.State, files: Int?) {
        update(object) { entry, log in
            let wasFailing = entry.state == .failing
            let isNews = entry.answered(result, at: Self.wallClock) || entry.files != files
            entry.files = files
            if wasFailing { log.write(.notice, "\(entry.object): available again") }
            return isNews
        }
    }

    mutating func failed(_ object: DepotObject, _ reason: String) {
        update(object) { entry, log in
            let isNews = entry.failed(reason, at: Self.wallClock)
            if isNews { log.write(.warning, "\(entry.object): \(reason)") }
            return isNews
        }
    }

    /// The depot answered, whatever it said.
    mutating func heard() {
        let now = Self.wallClock
        if let since = state.silentSince {
            log.write(.notice, "the depot answers again; it had not since \(since.wholeSecond)")
        }
        if state.silentSince != nil || state.lastContact == nil { isChanged = true }
        (state.lastContact, state.silentSince, state.error) = (now, nil, nil)
    }

    /// The depot did not answer.
    mutating func silent(_ reason: String) {
        if state.error != reason {
            log.write(.warning, "no answer from \(state.depot): \(reason)")
            isChanged = true
        }
        if state.silentSince == nil { state.silentSince = Self.wallClock }
        state.error = reason
    }

    /// True if the last request to the depot was answered.
    var isAnswered: Bool { state.lastContact != nil && state.silentSince == nil }

    /// The next round comes after this time; the client certificate may be another by now.
    mutating func expectNext(after pause: Duration, certificate: String?) {
        state.next = Self.wallClock + max(pause, .zero)
        let end = certificate.flatMap { CertificateFile.end(of: $0) }
            .map {
                Moment(microseconds: $0.multipliedReportingOverflow(by: 1_000_000).partialValue)
            }
        guard end != state.certificateEnd else { return }
        state.certificateEnd = end
        isChanged = true
    }

    mutating func inbox(_ plan: InboxPlan, error: String?) {
        var inbox = state.inbox
        (inbox.files, inbox.bytes) = (plan.held.count, plan.heldBytes)
        inbox.missing = plan.missing
        // A file that is missing is not asked for in every round: the reason of the last time stands.
        inbox.error = error ?? (plan.missing > 0 ? inbox.error : nil)
        let isFailing = plan.missing > 0 || error != nil
        inbox.failingSince = isFailing ? inbox.failingSince ?? Self.wallClock : nil
        guard inbox != state.inbox else { return }
        if let error, error != state.inbox.error { log.write(.warning, error) }
        state.inbox = inbox
        isChanged = true
    }

    // MARK: the reported status

    mutating func expectReport(_ object: DepotObject) {
        guard state.report?.object != object.path else { return }
        state.report = CarrierState.Object(object.path)
        isChanged = true
    }

    /// The depot took the status.
    mutating func reported() {
        if state.report?.state == .failing {
            log.write(.notice, "the status of this host is reported again")
        }
        if state.report?.answered(.ok, at: Self.wallClock) == true { isChanged = true }
    }

    /// The depot took the proof.
    mutating func proved() {
        state.proved = Self.wallClock
        isChanged = true
    }

    mutating func reportFailed(_ reason: String) {
        if state.report == nil { state.report = CarrierState.Object("status") }
        guard state.report?.failed(reason, at: Self.wallClock) == true else { return }
        log.write(.warning, "the status of this host is not reported: \(reason)")
        isChanged = true
    }

    /// Writes the file if something has changed, or if the last one is a minute old.
    mutating func save(at now: Duration) {
        let isOld = written.map { now - $0 >= Self.interval } ?? true
        guard isChanged || isOld else { return }
        do throws(Errno) {
            let bytes = state.encoded(written: Self.wallClock)
            try AtomicFile.replace(path, with: bytes, mode: 0o644)
            (isChanged, written, writeError) = (false, now, nil)
        } catch {
            if writeError != error { log.write(.warning, "\(path): \(error)") }
            writeError = error
        }
    }

    private mutating func update(
        _ object: DepotObject,
        _ change: (inout CarrierState.Object, FetchLog) -> Bool
    ) {
        let path = object.path
        guard let index = state.objects.firstIndex(where: { $0.object == path }) else { return }
        if change(&state.objects[index], log) { isChanged = true }
    }

    static var wallClock: Moment { Moment(microseconds: ClockReading.now().wallMicroseconds) }
}
