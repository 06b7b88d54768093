import Dispatch
import Synchronization

/// A place for one connection, with a thread of its own.
final class PostgresWorker: Sendable {
    private let url: String
    private let bounds: PostgresBounds
    private let queue = DispatchQueue(label: "jitgate-hub.postgres")
    private let connection = Mutex<PostgresConnection?>(nil)

    init(_ url: String, _ bounds: PostgresBounds) {
        (self.url, self.bounds) = (url, bounds)
    }

    /// Runs `job` on the thread, after those before.
    func submit(_ job: @escaping @Sendable () -> Void) {
        queue.async(execute: job)
    }

    /// Runs a transaction, connecting if there is no connection (any more), and again if that may help.
    func run<Value: Sendable>(
        _ purpose: PostgresTransaction.Purpose,
        _ body: @Sendable (any Statements) throws(StorageError) -> Value
    ) throws(StorageError) -> Value {
        try connection.withLock { current throws(StorageError) -> Value in
            var reason = ""
            for _ in 0..<bounds.attempts {
                let present = if let current { current } else { try connect() }
                let attempt = PostgresTransaction(purpose: purpose, connection: present).run(body)
                current = attempt.isConnected ? present : nil
                switch attempt.outcome {
                case .done(let value): return value
                case .failed(let error): throw error
                case .transient(let failure): reason = failure.text
                }
            }
            throw .unavailable(reason)
        }
    }

    private func connect() throws(StorageError) -> sending PostgresConnection {
        try PostgresConnection(url, bounds)
    }

    func disconnect() {
        connection.withLock { $0 = nil }
    }
}
