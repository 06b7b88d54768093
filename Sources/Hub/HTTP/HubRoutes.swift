import Hummingbird

/// Some routes of the hub.
///
/// `HubApplication.routes` lists all of them; each adds its own to the router.
protocol HubRoutes: Sendable {
    func add(to router: Router<HubContext>)
}

extension Request {
    /// The path without the query.
    var plainPath: String { uri.path }
}

extension HubContext {
    /// The part of the path that a route calls `:name`.
    func part(_ name: String) throws(HubError) -> String {
        guard let text = parameters.get(name) else { throw .notFound }
        return text
    }
}
