import CPostgres
import Glibc

/// A connection of libpq to a server that takes changes; for one thread at a time.
@safe final class PostgresLink {
    private let connection: OpaquePointer
    private let notices = PostgresNotices()

    /// Connects, to the first host of the URL that is a primary.
    init(_ url: String) throws(StorageError) {
        try Self.check(url)
        let names = PointerTable(PostgresSettings.names)
        let values = PointerTable(PostgresSettings.values(url))
        let opened = unsafe names.withPointers { names in
            unsafe values.withPointers { values in unsafe PQconnectdbParams(names, values, 1) }
        }
        guard let opened = unsafe opened else { throw .unavailable("out of memory") }
        unsafe connection = unsafe opened
        guard unsafe PQstatus(connection) == CONNECTION_OK else {
            throw .unavailable(lastError)
        }
        unsafe PQsetNoticeReceiver(
            connection,
            PostgresNotices.receive,
            Unmanaged.passUnretained(notices).toOpaque()
        )
        try PostgresSettings.check(
            version: unsafe PQserverVersion(connection),
            encoding: unsafe PQparameterStatus(connection, "server_encoding")
                .map { unsafe String(cString: $0) }
        )
    }

    deinit { unsafe PQfinish(connection) }

    /// Refuses what is no URL of libpq without repeating it, as libpq would, with its password.
    private static func check(_ url: String) throws(StorageError) {
        let options = unsafe PQconninfoParse(url, nil)
        defer { unsafe PQconninfoFree(options) }
        guard unsafe options != nil else { throw .unavailable("its URL is none of PostgreSQL") }
    }

    // MARK: statements

    /// Runs statements without values; answers the last one.
    func execute(_ sql: String, within time: Duration) throws(PostgresFailure) -> PostgresAnswer {
        guard unsafe PQsendQuery(connection, sql) == 1 else { throw lost }
        return try answer(within: time)
    }

    /// Keeps a statement for values of these types; 0 is a type that the server finds.
    func prepare(
        _ sql: String,
        as name: String,
        types: [UInt32],
        within time: Duration
    ) throws(PostgresFailure) {
        let isSent = unsafe PQsendPrepare(connection, name, sql, CInt(types.count), types)
        guard isSent == 1 else { throw lost }
        _ = try answer(within: time)
    }

    /// Runs a statement that was kept; values and answer are binary.
    func execute(
        prepared name: String,
        _ values: [[UInt8]?],
        within time: Duration
    ) throws(PostgresFailure) -> PostgresAnswer {
        let table = PointerTable(values)
        let formats = [CInt](repeating: 1, count: values.count)
        let isSent = unsafe table.withPointers { pointers in
            unsafe PQsendQueryPrepared(
                connection,
                name,
                CInt(values.count),
                pointers,
                table.lengths,
                formats,
                1
            )
        }
        guard isSent == 1 else { throw lost }
        return try answer(within: time)
    }

    /// The answer to what was sent before; after `late` it may be asked for once more.
    func answer(within time: Duration) throws(PostgresFailure) -> PostgresAnswer {
        let deadline = ContinuousClock.now + time
        var (last, failure): (PostgresAnswer?, PostgresFailure?)
        while let result = try nextResult(deadline) {
            failure = failure ?? result.failure
            if failure == nil { last = PostgresAnswer(result) }
        }
        if let failure { throw failure }
        guard let last else { throw lost }
        return last
    }

    private func nextResult(
        _ deadline: ContinuousClock.Instant
    ) throws(PostgresFailure) -> PostgresResult? {
        while unsafe PQisBusy(connection) == 1 {
            guard wait(until: deadline) else {
                throw PostgresFailure(kind: .late, text: "the server does not answer")
            }
            guard unsafe PQconsumeInput(connection) == 1 else { throw lost }
        }
        return unsafe PQgetResult(connection).map { unsafe PostgresResult($0) }
    }

    /// Asks the server to end what it is doing.
    func cancel() {
        let handle = unsafe PQgetCancel(connection)
        defer { unsafe PQfreeCancel(handle) }
        var reason = [CChar](repeating: 0, count: 256)
        _ = unsafe PQcancel(handle, &reason, CInt(reason.count))
    }

    /// The warnings and notices since the last call.
    func takeNotices() -> [String] { notices.take() }

    // MARK: waiting

    /// Waits for a notification, and takes all that are there; returns false if `stop` became readable.
    func waitForNotification(orStop stop: CInt) throws(PostgresFailure) -> Bool {
        while !takeNotifications() {
            var entries = [stop, unsafe PQsocket(connection)].map {
                pollfd(fd: $0, events: Int16(POLLIN), revents: 0)
            }
            _ = unsafe poll(&entries, 2, -1)
            if entries[0].revents != 0 { return false }
            guard unsafe PQconsumeInput(connection) == 1 else { throw lost }
        }
        return true
    }

    private func takeNotifications() -> Bool {
        var isAny = false
        while let notification = unsafe PQnotifies(connection) {
            unsafe PQfreemem(notification)
            isAny = true
        }
        return isAny
    }

    private func wait(until deadline: ContinuousClock.Instant) -> Bool {
        while true {
            let left = deadline - .now
            guard left > .zero else { return false }
            var entry = pollfd(fd: unsafe PQsocket(connection), events: Int16(POLLIN), revents: 0)
            if unsafe poll(&entry, 1, CInt(left / .milliseconds(1)) + 1) > 0 { return true }
        }
    }

    // MARK: errors

    private var lost: PostgresFailure { PostgresFailure(kind: .lost, text: lastError) }

    private var lastError: String {
        PostgresText.line(unsafe String(cString: PQerrorMessage(connection)))
    }
}

/// The warnings and notices of a connection, in order.
final class PostgresNotices {
    private var texts: [String] = []

    func take() -> [String] {
        defer { texts = [] }
        return texts
    }

    static let receive: PQnoticeReceiver = { context, result in
        guard let context = unsafe context, let result = unsafe result else { return }
        let notices = unsafe Unmanaged<PostgresNotices>.fromOpaque(context).takeUnretainedValue()
        notices.texts.append(
            PostgresText.line(unsafe String(cString: PQresultErrorMessage(result)))
        )
    }
}
