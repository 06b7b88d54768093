/// The longest times that calls wait, and how many may.
struct PostgresBounds: Sendable {
    /// For the answer to a statement; the server gives up before.
    var statement = Duration.seconds(40)
    /// For the answer to COMMIT, so for the standby.
    var commit = Duration.seconds(10)
    /// For the answer to COMMIT once its wait for the standby is cancelled.
    var cancellation = Duration.seconds(5)
    /// For a connection of the pool.
    var turn = Duration.seconds(10)
    /// The calls that wait for a connection.
    var waiting = 1000
    /// The attempts at a transaction that failed for a reason that may be over.
    var attempts = 3
}
