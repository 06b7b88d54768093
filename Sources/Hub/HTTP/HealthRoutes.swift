import Grants
import HubStorage
import Hummingbird

/// GET /healthz, for load balancers and monitors.
struct HealthRoutes: HubRoutes {
    let parts: HubParts

    func add(to router: Router<HubContext>) {
        router.get("/healthz") { _, _ in try await health() }
    }

    private func health() async throws -> Response {
        if parts.people.isUnreadable {
            return HubAnswer.text("allowed_signers cannot be read\n", .serviceUnavailable)
        }
        let publishes = parts.mirror != nil
        do throws(StorageError) {
            let since = try await parts.database.read { statements throws(StorageError) in
                _ = try ChangeRecords(statements: statements).last()
                guard publishes else { return Moment?.none }
                return try MirrorRecords(statements: statements).behindSince()
            }
            // Nothing that a hub can do better than this one, so that it goes on getting calls.
            let note = since.map { "the static depot is behind since \($0.wholeSecond)\n" } ?? ""
            return HubAnswer.text("ok\n" + note)
        } catch {
            parts.counters.countStoreError()
            return HubAnswer.text("the store cannot be read\n", .serviceUnavailable)
        }
    }
}
