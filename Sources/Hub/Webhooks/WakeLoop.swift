import Grants

/// Runs work at its start, whenever it is woken, and at the moment that the work names; sleeps in between.
final class WakeLoop: Sendable {
    private let wakes: AsyncStream<Void>
    private let waker: AsyncStream<Void>.Continuation

    init() {
        (wakes, waker) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
        waker.yield()
    }

    /// Runs the work soon, once for all calls until then.
    func wake() { waker.yield() }

    /// Lets `run` return when the work under way is done.
    func end() { waker.finish() }

    /// Runs the work until the end; the work returns the moment at which it is due again, if any.
    func run(_ now: @Sendable () -> Moment, _ work: () async -> Moment?) async {
        var alarm: Task<Void, Never>?
        for await _ in wakes {
            alarm?.cancel()
            alarm = await work().map { wake(in: $0 - now()) }
        }
        alarm?.cancel()
    }

    private func wake(in pause: Duration) -> Task<Void, Never> {
        Task { [waker] in
            try? await Task.sleep(for: max(.milliseconds(1), pause))
            if !Task.isCancelled { waker.yield() }
        }
    }
}
