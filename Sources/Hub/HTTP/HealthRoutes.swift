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
        do throws(StorageError) {
            _ = try await parts.database.read { statements throws(StorageError) in
                try ChangeRecords(statements: statements).last()
            }
            return HubAnswer.text("ok\n")
        } catch {
            parts.counters.countStoreError()
            return HubAnswer.text("the store cannot be read\n", .serviceUnavailable)
        }
    }
}
