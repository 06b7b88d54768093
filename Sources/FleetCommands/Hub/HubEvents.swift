import CommandSupport
import Grants

/// The wait for news of a hub, by its stream of events (docs/PROTOCOL.hub, section 6).
///
/// Each wait goes on where the one before ended, so nothing falls between them. Where the stream is not to be had, as
/// through a proxy that holds answers back, it is a sleep.
final class HubEvents {
    /// The time for which a stream that failed is not tried again.
    private static let pause: Duration = .seconds(60)
    /// A stream that is shorter, without an event, counts as failed.
    private static let shortest: Duration = .seconds(1)

    private let client: HubClient
    /// The time between two looks while there is no stream.
    private let fallback: Duration
    private var position: Int64?
    private var failed: ContinuousClock.Instant?

    init(_ client: HubClient, elseEvery fallback: Duration) {
        (self.client, self.fallback) = (client, fallback)
    }

    /// Waits for news, for a whole number of seconds at most; returns when it is worth looking again.
    ///
    /// The first call only learns where the stream is: what happened before it was not waited for.
    ///
    /// - Returns: true if the hub has told of something, or may have; false if the time is over.
    func wait(atMost time: Duration) -> Bool {
        let begun = ContinuousClock.now
        if let failed, begun - failed < Self.pause { return sleep(time) }
        let lines = follow(atMost: time)
        let isNew = position == nil && lines.position != nil
        position = lines.position ?? position
        if isNew || lines.hasEvent { return true }
        let length = ContinuousClock.now - begun
        guard lines.isOpen, !lines.isBroken, position != nil, length >= Self.shortest else {
            // Nothing came in a short wait: that alone is no failure.
            if !lines.isOpen, length >= time, time < .seconds(10) { return false }
            failed = begun
            return sleep(time - length)
        }
        return length < time
    }

    private func follow(atMost time: Duration) -> EventLines {
        var lines = EventLines()
        let isFirst = position == nil
        let headers = position.map { [(name: "Last-Event-ID", value: String($0))] } ?? []
        let reader = LineReader(endsAtPosition: isFirst)
        do throws(CommandFailure) {
            let status = try client.follow(
                "/v1/events",
                headers: headers,
                atMost: max(time, isFirst ? .seconds(10) : .seconds(1))
            ) { bytes in reader.take(bytes) }
            if status != 200 { return EventLines() }
        } catch {
            // The time is over, or the stream broke: what has come tells which.
        }
        lines = reader.lines
        return lines
    }

    private func sleep(_ time: Duration) -> Bool {
        Pause.sleep(max(.zero, min(fallback, time)))
        return false
    }
}

/// The lines of one answer, until they tell enough.
private final class LineReader {
    private(set) var lines = EventLines()
    private let endsAtPosition: Bool

    init(endsAtPosition: Bool) {
        self.endsAtPosition = endsAtPosition
    }

    /// Takes bytes; returns whether more are wanted.
    func take(_ bytes: [UInt8]) -> Bool {
        lines.take(bytes)
        let isDone = lines.hasEvent || lines.isBroken || endsAtPosition && lines.position != nil
        return !isDone
    }
}
