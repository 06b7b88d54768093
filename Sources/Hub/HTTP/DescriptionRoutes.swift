import Hummingbird

/// GET /openapi.json: the description of the interface for programs.
struct DescriptionRoutes: HubRoutes {
    func add(to router: Router<HubContext>) {
        router.get("/openapi.json") { _, _ in
            HubAnswer.bytes(PackageResources.openapi_json, "application/json")
        }
    }
}
