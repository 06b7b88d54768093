/// The reason why a statement of PostgreSQL failed, or why there was no answer.
struct PostgresFailure: Error {
    enum Kind {
        /// The server refused the statement, and the connection goes on.
        case refused
        /// The connection is over.
        case lost
        /// There was no answer in time; the connection is of no more use.
        case late
    }

    let kind: Kind
    /// The SQLSTATE, or nothing where the server did not answer.
    var state = ""
    let text: String

    /// True if the same transaction may succeed in a second attempt, on a new connection if this one is lost.
    var isTransient: Bool {
        switch kind {
        case .lost: true
        case .late: false
        // Serialization, deadlock.
        case .refused: ["40001", "40P01"].contains(state) || isStale
        }
    }

    /// True if a change of the tables has made a prepared statement useless.
    private var isStale: Bool { ["0A000", "26000"].contains(state) }

    /// True if the connection takes another transaction, without what it keeps prepared being in the way.
    var leavesConnection: Bool { kind == .refused && !isStale }
}

extension StorageError {
    init(postgres failure: PostgresFailure) {
        let text = failure.state.isEmpty ? failure.text : "\(failure.text) (\(failure.state))"
        guard failure.kind == .refused else {
            self = .unavailable(text)
            return
        }
        switch failure.state.prefix(2) {
        // Disk full, limits of the server.
        case "53" where failure.state == "53100", "54": self = .full(text)
        // Connections, resources, operators, read-only servers, rollbacks, locks, rights, I/O.
        case "08", "53", "57", "25", "40", "55", "58", "28", "3D": self = .unavailable(text)
        case "42" where failure.state == "42501": self = .unavailable(text)
        case "0A", "26": self = .unavailable(text)
        default: self = .broken(text)
        }
    }
}
