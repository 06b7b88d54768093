import Grants
import HTTPTypes
import HubStorage
import Hummingbird
import Logging

/// The outermost step of each call: errors become answers, and the call a line of the log.
struct AnswerMiddleware: RouterMiddleware {
    let headers: SecurityHeaders
    let counters: HubCounters
    let logger: Logger
    /// The methods that each path has, for the answer where one has another.
    let paths: RoutePaths
    /// What makes errors pages for browsers; `nil` where there are no pages.
    let pages: PageDesk?
    let clock = ContinuousClock()

    func handle(
        _ request: Request,
        context: HubContext,
        next: @concurrent (Request, HubContext) async throws -> Response
    ) async throws -> Response {
        let start = clock.now
        var response: Response
        do {
            try Self.check(request)
            response = try await next(request, context)
        } catch {
            response = answer(to: error, request, context)
        }
        headers.add(to: &response.headers)
        counters.count(response.status.code)
        log(request, context, response.status.code, clock.now - start)
        return response
    }

    /// Refuses what proxies and this hub might read differently.
    private static func check(_ request: Request) throws(HubError) {
        let path = request.head.path ?? ""
        guard path.hasPrefix("/"), !path.hasPrefix("//") else {
            throw HubError(
                .malformed,
                "the target of the call is no path",
                "send /PATH, and a Host"
            )
        }
        try BodyReader.check(request.headers, request.plainPath)
    }

    /// The answer to an error: a page if a browser shows it to a person, else JSON.
    private func answer(
        to error: any Error,
        _ request: Request,
        _ context: HubContext
    ) -> Response {
        var context = context
        if let failed = error as? FailedCall { context.person = failed.person }
        let reason = hubError((error as? FailedCall)?.error ?? error, request)
        guard let pages, request.wantsPage else { return HubAnswer.error(reason) }
        return pages.show(reason, context)
    }

    private func hubError(_ error: any Error, _ request: Request) -> HubError {
        switch error {
        case let error as HubError: error
        case let error as StorageError: failed(error)
        case let error as HTTPError where error.status == .notFound: unknown(request)
        case let error as HTTPError where error.status.kind == .clientError:
            HubError(.malformed, error.body ?? "the call is malformed")
        case is CancellationError:
            HubError(.store, "the hub stops", "repeat the call in a moment")
        default: fault(error)
        }
    }

    private func failed(_ error: StorageError) -> HubError {
        counters.countStoreError()
        logger.error("the store failed", metadata: ["reason": "\(error)"])
        return HubError(error)
    }

    private func unknown(_ request: Request) -> HubError {
        let methods = paths.methods(of: request.plainPath)
        guard !methods.isEmpty else { return .notFound }
        var error = HubError(
            .method,
            "this path has no \(request.method.rawValue.prefix(20))",
            "it has \(methods.joined(separator: ", "))"
        )
        error.allow = methods.joined(separator: ", ")
        return error
    }

    private func fault(_ error: any Error) -> HubError {
        logger.error("a call failed", metadata: ["reason": "\(error)"])
        return HubError(.fault, "the hub has a fault", "see its log")
    }

    /// Neither queries nor names: a query may hold a code, and the log is no record of people.
    private func log(_ request: Request, _ context: HubContext, _ status: Int, _ time: Duration) {
        logger.info(
            "call",
            metadata: [
                "method": "\(request.method.rawValue.prefix(20))",
                "path": "\(request.plainPath.prefix(200))", "status": "\(status)",
                "ms": "\(time.microseconds / 1000)",
                "peer": "\(context.peer.address.map { "\($0)" } ?? "-")",
            ]
        )
    }
}

/// An error of a call whose person is known, so that its page greets the person.
struct FailedCall: Error {
    let error: any Error
    let person: Person
}

/// The paths of the routes with their methods.
struct RoutePaths: Sendable {
    private var known: [(parts: [Substring], method: String)] = []

    init(_ routes: [(path: String, method: String)]) {
        known = routes.map { ($0.path.split(separator: "/"), $0.method) }
    }

    /// The methods of a path in alphabetical order; none if no route has it.
    func methods(of path: String) -> [String] {
        let parts = path.split(separator: "/")
        let matching = known.filter { route in
            route.parts.count == parts.count
                && zip(route.parts, parts).allSatisfy { $0.first == ":" || $0 == $1 }
        }
        return Set(matching.map(\.method)).sorted()
    }
}
