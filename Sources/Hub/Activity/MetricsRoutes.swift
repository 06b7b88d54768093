import Grants
import HTTPTypes
import HubSettings
import HubStorage
import Hummingbird
import Posture

/// GET /metrics, without the name of any person (docs/METRICS.md).
struct MetricsRoutes: HubRoutes {
    private static let type = "application/openmetrics-text; version=1.0.0; charset=utf-8"

    let parts: HubParts
    let start: Moment

    init(parts: HubParts) {
        self.parts = parts
        start = parts.now()
    }

    func add(to router: Router<HubContext>) {
        router.get("/metrics") { _, context in
            try check(context.peer)
            return HubAnswer.bytes(Array(await metrics().text.utf8), Self.type)
        }
    }

    private func check(_ peer: Peer) throws(HubError) {
        let networks = parts.configuration.limits.metricsFrom
        let isAllowed =
            peer.address.map { address in
                networks.isEmpty ? address.isLoopback : networks.contains { $0.contains(address) }
            } ?? peer.isLocalSocket
        guard isAllowed else {
            throw HubError(.notAllowed, "metrics are for other addresses", "see metrics_from")
        }
    }

    private func metrics() async -> MetricsText {
        var text = MetricsText()
        let values = parts.counters.values
        let store = parts.configuration.places.store.engine
        text.gauge("build_info", 1, ["version": Release.version, "store": store])
        text.gauge("start_timestamp_seconds", start.microseconds / 1_000_000)
        text.counter("store_errors", [([:], Int64(values.storeErrors))])
        text.counter(
            "http_requests",
            values.calls.sorted { $0.key < $1.key }.map { (["code": "\($0.key)"], Int64($0.value)) }
        )
        if parts.mirror != nil {
            text.counter("publish_failures", [([:], Int64(values.publishFailures))])
        }
        text.gauge("long_polls", Int64(await parts.depot.shelves.waiting))
        text.gauge("event_listeners", Int64(values.openStreams))
        text.counter(
            "webhook_attempts",
            [
                (["result": "delivered"], Int64(values.deliveredMessages)),
                (["result": "failed"], Int64(values.failedMessages)),
            ]
        )
        let hosts = await parts.depot.fleet.hosts()
        let states = Dictionary(grouping: hosts, by: \.state.rawValue).mapValues { Int64($0.count) }
        text.gauge(
            "hosts",
            by: "state",
            states.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
        )
        await addStored(to: &text)
        return text
    }

    private func addStored(to text: inout MetricsText) async {
        let publishes = parts.mirror != nil
        do throws(StorageError) {
            let stored = try await parts.database.read { statements throws(StorageError) in
                try StoredNumbers(statements, publishes: publishes)
            }
            text.gauge("store_up", 1)
            text.gauge("requests", by: "state", stored.requests)
            text.gauge("webhook_deliveries", by: "state", stored.deliveries)
            if let oldest = stored.oldestPending {
                text.gauge("oldest_pending_timestamp_seconds", oldest.microseconds / 1_000_000)
            }
            if let behind = stored.behind {
                text.gauge("publish_behind_timestamp_seconds", behind.microseconds / 1_000_000)
            }
        } catch {
            parts.counters.countStoreError()
            text.gauge("store_up", 0)
        }
    }
}

/// The numbers of the store that /metrics shows.
private struct StoredNumbers: Sendable {
    var requests: [(String, Int64)] = []
    var deliveries: [(String, Int64)] = []
    var oldestPending: Moment?
    /// The moment since which the static depot is behind.
    var behind: Moment?

    init(_ statements: any Statements, publishes: Bool) throws(StorageError) {
        if publishes { behind = try MirrorRecords(statements: statements).behindSince() }
        requests = try Self.counts(
            statements,
            "SELECT state, COUNT(*) FROM request WHERE state IN ('pending', 'published') GROUP BY state"
        )
        deliveries = try Self.counts(
            statements,
            "SELECT state, COUNT(*) FROM delivery WHERE state IN ('pending', 'dead') GROUP BY state"
        )
        let oldest = try statements.rows(
            "SELECT created FROM request WHERE state = 'pending' ORDER BY position LIMIT 1",
            []
        )
        oldestPending = try oldest.first?.moment(0)
    }

    private static func counts(
        _ statements: any Statements,
        _ sql: String
    ) throws(StorageError) -> [(String, Int64)] {
        try statements.rows(sql, []).map { row throws(StorageError) in
            (try row.text(0), try row.integer(1))
        }
        .sorted { $0.0 < $1.0 }
    }
}
