import Synchronization

/// Connections that calls share, first come, first served.
final class PostgresPool: Sendable {
    private typealias Job = @Sendable (Result<PostgresWorker, StorageError>) -> Void

    private struct State {
        var idle: [PostgresWorker]
        var waiting: [(since: ContinuousClock.Instant, job: Job)] = []
        var isClosed = false
        var closers: [CheckedContinuation<Void, Never>] = []
    }

    private let size: Int
    private let bounds: PostgresBounds
    private let state: Mutex<State>

    init(_ url: String, size: Int, _ bounds: PostgresBounds) {
        (self.size, self.bounds) = (size, bounds)
        state = Mutex(State(idle: (0..<size).map { _ in PostgresWorker(url, bounds) }))
    }

    /// Runs a transaction on the thread of a connection.
    func run<Value: Sendable>(
        _ purpose: PostgresTransaction.Purpose,
        _ body: @escaping @Sendable (any Statements) throws(StorageError) -> Value
    ) async throws(StorageError) -> Value {
        let result: Result<Value, StorageError> = await withCheckedContinuation { continuation in
            submit { worker in
                let result = worker.flatMap { worker in
                    Result { () throws(StorageError) in try worker.run(purpose, body) }
                }
                continuation.resume(returning: result)
            }
        }
        return try result.get()
    }

    /// Ends the connections once the calls under way have ended; those that still wait are refused.
    func close() async {
        let waiting = state.withLock { state in
            defer { state.waiting = [] }
            state.isClosed = true
            return state.waiting
        }
        for (_, job) in waiting { job(.failure(Self.closed)) }
        await withCheckedContinuation { closer in
            state.withLock { $0.closers.append(closer) }
            endIfIdle()
        }
    }

    private static let closed = StorageError.unavailable("this hub is ending")
    private static let crowded = StorageError.unavailable("too many calls wait for a connection")

    private func submit(_ job: @escaping Job) {
        let result: Result<PostgresWorker, StorageError>? = state.withLock { state in
            if state.isClosed { return .failure(Self.closed) }
            if let worker = state.idle.popLast() { return .success(worker) }
            if state.waiting.count >= bounds.waiting { return .failure(Self.crowded) }
            state.waiting.append((.now, job))
            return nil
        }
        switch result {
        case .success(let worker): start(job, on: worker)
        case .failure: result.map(job)
        case nil: break
        }
    }

    private func start(_ job: @escaping Job, on worker: PostgresWorker) {
        worker.submit {
            job(.success(worker))
            self.release(worker)
        }
    }

    /// Gives the worker to the call that has waited longest, and refuses those that have waited too long.
    private func release(_ worker: PostgresWorker) {
        let (late, next) = state.withLock { state in
            let oldest = ContinuousClock.now - bounds.turn
            let late = state.waiting.prefix { $0.since < oldest }
            state.waiting.removeFirst(late.count)
            let next = state.waiting.isEmpty ? nil : state.waiting.removeFirst()
            if next == nil { state.idle.append(worker) }
            return (late, next)
        }
        for (_, job) in late { job(.failure(Self.crowded)) }
        if let next { start(next.job, on: worker) } else { endIfIdle() }
    }

    private func endIfIdle() {
        let (closers, workers) = state.withLock { state in
            guard state.isClosed, state.idle.count == size else {
                return ([CheckedContinuation<Void, Never>](), [PostgresWorker]())
            }
            defer { state.closers = [] }
            return (state.closers, state.idle)
        }
        for worker in workers { worker.disconnect() }
        for closer in closers { closer.resume() }
    }
}
