import Grants
import HTTPTypes
import HubSettings
import HubStorage
import Hummingbird
import HummingbirdCore
import HummingbirdTLS
import Logging
import NIOCore
import ServiceLifecycle

/// The server of the hub: its connections, its routes and the services beside them.
package struct HubApplication: Service {
    /// The most connections, of all addresses and of one.
    package struct Bounds: Sendable {
        package var connections = 20_000
        package var connectionsOfAddress = 5_000
        var times = ConnectionTimes()

        package init() {}
    }

    package let parts: HubParts
    private let bounds: Bounds
    private let onListening: @Sendable (Int?) async -> Void

    /// Makes a server, which calls `onListening` with its TCP port as soon as it takes calls.
    package init(
        _ parts: HubParts,
        bounds: Bounds = Bounds(),
        onListening: @escaping @Sendable (Int?) async -> Void = { _ in }
    ) {
        (self.parts, self.bounds, self.onListening) = (parts, bounds, onListening)
    }

    /// All routes of the hub's own host; a new part of the hub adds its line here.
    static func routes(_ parts: HubParts) -> [any HubRoutes] {
        [
            HealthRoutes(parts: parts), DescriptionRoutes(), LoginRoutes(parts: parts),
            ActivityRoutes(parts: parts), EventRoutes(parts: parts), MetricsRoutes(parts: parts),
            DepotRoutes(parts: parts), BulletinRoutes(parts: parts), StatusRoutes(parts: parts),
            FleetRoutes(parts: parts), PeopleRoutes(parts: parts), RequestRoutes(parts: parts),
            WebhookRoutes(parts: parts), EvidenceRoutes(parts: parts),
        ] + pages(parts)
    }

    /// The pages for people.
    private static func pages(_ parts: HubParts) -> [any HubRoutes] {
        let desk = PageDesk(parts: parts)
        return [
            EntranceRoutes(desk: desk), RequestPageRoutes(desk: desk), AskPageRoutes(desk: desk),
            HostPageRoutes(desk: desk), ActivityPageRoutes(desk: desk),
            DeadLetterForms(desk: desk),
        ]
    }

    /// All routes of the host of `approve_url`.
    static func approvalRoutes(_ parts: HubParts) -> [any HubRoutes] {
        [ApprovalRoutes(parts: parts)]
    }

    /// The services that run as long as the server does.
    static func services(_ parts: HubParts) -> [any Service] {
        let upkeep = RequestUpkeep(parts.requests, parts.changes, logger: parts.logger)
        let mirror = [parts.mirror].compactMap { $0 as (any Service)? }
        return [parts.changes, parts.activity, parts.depot, upkeep] + mirror
    }

    /// Serves until the task is told to stop; calls under way end first.
    ///
    /// Without the framework's own application, whose clock wakes an idle hub each second.
    package func run() async throws {
        let (responder, parts) = (responder(), parts)
        let webhooks = try await WebhookService(parts)
        let listen = parts.configuration.places.listen
        let server = try server().buildServer(
            configuration: configuration,
            eventLoopGroup: EventLoopGroupProvider.singleton.eventLoopGroup,
            logger: parts.logger,
            responder: { request, writer, channel in
                let source = ApplicationRequestContextSource(channel: channel, logger: parts.logger)
                let context = HubContext(source: source)
                var response = try await responder.respond(to: request, context: context)
                response.headers[.date] = DateHeader.text(parts.now())
                try await writer.write(response: response.head, body: response.body)
            },
            onServerRunning: { [onListening] channel in
                if case .unix(let path) = listen { SocketMode.share(path) }
                await onListening(channel.localAddress?.port)
            }
        )
        // Stopped from the last to the first: event streams and long polls end, and then the server.
        let together = ServicesTogether(services: Self.services(parts) + [webhooks])
        let services: [any Service] = [server, together]
        try await ServiceGroup(services: services, logger: parts.logger).run()
    }

    private var configuration: ServerConfiguration {
        let address: BindAddress =
            switch parts.configuration.places.listen {
            case .ip(let host, let port): .hostname(host, port: port)
            case .unix(let path): .unixDomainSocket(path: path)
            }
        return ServerConfiguration(
            address: address,
            backlog: 1024,
            availableConnectionsDelegate: .maximum(bounds.connections, logger: parts.logger)
        )
    }

    private var headers: SecurityHeaders {
        SecurityHeaders(isSecure: parts.configuration.places.url.hasPrefix("https:"))
    }

    private func server() throws -> HTTPServerBuilder {
        let count = ConnectionCount(limit: bounds.connectionsOfAddress)
        let (times, headers) = (bounds.times, headers)
        let http = HTTPServerBuilder.http1(
            configuration: .init(
                additionalChannelHandlers: [ConnectionGuard(times, count, headers)],
                httpDecoderConfiguration: .init(
                    maxHeaderFieldSize: 8 << 10,
                    maxHeaderListSize: 16 << 10,
                    maxHeaderFieldCount: 64
                )
            )
        )
        guard let files = parts.configuration.places.tls else { return http }
        return try .tls(
            http,
            tlsConfiguration: TLSFiles.configuration(files, of: parts.configuration)
        )
    }

    func responder() -> HostedResponder {
        let places = parts.configuration.places
        return HostedResponder(
            hub: router(Self.routes(parts), knowsPeople: true),
            approval: router(Self.approvalRoutes(parts), knowsPeople: false),
            refusal: router([], knowsPeople: false, isWrongHost: true),
            hubHost: HostedResponder.host(ofURL: places.url),
            approvalHost: places.approveURL.map(HostedResponder.host)
        )
    }

    private func router(
        _ routes: [any HubRoutes],
        knowsPeople: Bool,
        isWrongHost: Bool = false
    ) -> RouterResponder<HubContext> {
        let listed = Router(context: HubContext.self, options: [.autoGenerateHeadEndpoints])
        for route in routes { route.add(to: listed) }
        let paths = RoutePaths(
            listed.routes.map { ("\($0.path)", $0.method.rawValue) }
        )
        let router = Router(context: HubContext.self, options: [.autoGenerateHeadEndpoints])
        router.add(
            middleware: AnswerMiddleware(
                headers: headers,
                counters: parts.counters,
                logger: parts.logger,
                paths: paths,
                pages: knowsPeople ? PageDesk(parts: parts) : nil
            )
        )
        if isWrongHost { router.add(middleware: WrongHost(url: parts.configuration.places.url)) }
        if knowsPeople { router.add(middleware: SessionMiddleware(parts: parts)) }
        for route in routes { route.add(to: router) }
        return router.buildResponder()
    }
}

/// Refuses a call that names another host.
private struct WrongHost: RouterMiddleware {
    let url: String

    func handle(
        _ request: Request,
        context: HubContext,
        next: @concurrent (Request, HubContext) async throws -> Response
    ) async throws -> Response {
        throw HubError(.wrongHost, "this hub has another host", "its URL is \(url)")
    }
}
