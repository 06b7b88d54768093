import Depot
import Grants
import HTTPTypes
import HubSettings
import HubStorage
import Hummingbird
import NIOCore

/// The objects of the depot, by the paths of docs/PROTOCOL.depot; no person's session is needed for them.
struct DepotRoutes: HubRoutes {
    /// The most shelves of one long poll.
    private static let mostShelves = 64

    let parts: HubParts

    func add(to router: Router<HubContext>) {
        router.get("/shelves") { request, context in
            try await shelves(request, context)
        }
        router.get("/shelves/:name/index") { request, context in
            try await shelf(request, context)
        }
        router.get("/files/:file") { request, context in
            try await file(request, context)
        }
        router.get("/bulletin") { request, context in
            try parts.admit(context)
            return try await object(DepotObject.bulletin.path, request)
        }
    }

    // MARK: shelves

    private func shelves(_ request: Request, _ context: HubContext) async throws -> Response {
        try parts.admit(context)
        let text = request.uri.queryParameters["names"] ?? ""
        let texts = text.split(separator: ",", omittingEmptySubsequences: false)
        let names = texts.compactMap { ShelfName(String($0)) }
        guard !names.isEmpty, names.count == texts.count, names.count <= Self.mostShelves,
            Set(names).count == names.count
        else {
            throw HubError(
                .malformed,
                "names has not 1 to \(Self.mostShelves) different shelves",
                "write it as /shelves?names=all,web-1; a name is \(ShelfName.grammar)"
            )
        }
        let wait = Self.wait(request)
        let answer = try await parts.depot.shelves.answer(
            names,
            unless: request.knownTags,
            wait: wait ?? .zero
        )
        guard answer.length <= ShelfIndex.limit else {
            // A host reads the indexes of its shelves one by one then.
            throw HubError(.notFound, "these shelves are too long for one index", "ask for each")
        }
        var response = Self.response(answer)
        response.headers[.preferenceApplied] = "wait=\((wait ?? .zero).components.seconds)"
        response.headers[.vary] = "Prefer"
        return response
    }

    /// The time that a call wants to wait (RFC 7240), within bounds; `nil` if it does not say.
    private static func wait(_ request: Request) -> Duration? {
        let words = request.headers[values: .prefer].flatMap { $0.split(separator: ",") }
        let wait = words.map { $0.filter { $0 != " " && $0 != "\"" } }
            .first { $0.lowercased().hasPrefix("wait=") }
        guard let wait, let seconds = Int64(wait.dropFirst(5)), seconds >= 0 else { return nil }
        return min(.seconds(min(seconds, 3600)), ShelfBoard.longestWait)
    }

    private func shelf(_ request: Request, _ context: HubContext) async throws -> Response {
        try parts.admit(context)
        guard let name = ShelfName(try context.part("name")),
            await parts.depot.shelves.has(name)
        else { throw HubError.notFound }
        let answer = try await parts.depot.shelves.answer(
            [name],
            unless: request.knownTags,
            wait: .zero
        )
        return Self.response(answer)
    }

    private static func response(_ answer: ShelfAnswer) -> Response {
        let tag = "\"\(answer.tag)\""
        guard let parts = answer.parts else { return .notModified(tag) }
        return Response(
            status: .ok,
            headers: [.contentType: "text/plain; charset=utf-8", .eTag: tag],
            body: ResponseBody(contentsOf: parts)
        )
    }

    // MARK: files and objects

    private func file(_ request: Request, _ context: HubContext) async throws -> Response {
        try parts.admit(context)
        guard let digest = ObjectDigest(fileName: try context.part("file")) else {
            throw HubError.notFound
        }
        let bytes = try await parts.database.read { statements throws(StorageError) in
            try DepotRecords(statements).file(digest)
        }
        guard let bytes else { throw HubError.notFound }
        var response = answer(
            StoredDepotObject(bytes: bytes, digest: digest.description),
            request
        )
        response.headers[.cacheControl] = "public, max-age=31536000, immutable"
        return response
    }

    private func object(_ path: String, _ request: Request) async throws -> Response {
        let object = try await parts.database.read { statements throws(StorageError) in
            try DepotRecords(statements).object(path)
        }
        guard let object else { throw HubError.notFound }
        return answer(object, request)
    }

    private func answer(_ object: StoredDepotObject, _ request: Request) -> Response {
        let tag = "\"\(object.digest)\""
        guard !request.knownTags.contains(object.digest) else { return .notModified(tag) }
        var response = HubAnswer.bytes(object.bytes, "application/octet-stream")
        response.headers[.eTag] = tag
        return response
    }
}

extension HubParts {
    /// Admits a host, or anybody where hosts have no certificates.
    func admit(_ context: HubContext) throws(HubError) {
        guard configuration.hosts.authorities != nil, context.peer.certifiedHost == nil,
            context.person == nil
        else { return }
        throw HubError(
            .notAllowed,
            "hosts of this hub have client certificates",
            "set `certificate` in fetch.toml"
        )
    }
}

extension Request {
    /// The digests of If-None-Match.
    var knownTags: [String] { tags(.ifNoneMatch) }

    /// The tags of a field, without quotes.
    func tags(_ name: HTTPField.Name) -> [String] {
        headers[values: name].flatMap { $0.split(separator: ",") }.map { text in
            let tag = text.drop { $0 == " " }
            let strong = tag.hasPrefix("W/") ? tag.dropFirst(2) : tag
            return String(strong.filter { $0 != "\"" && $0 != " " })
        }
    }

    /// The body, of whatever media type.
    func bytes(limit: Int) async throws -> [UInt8] {
        do {
            let buffer = try await body.collect(upTo: limit)
            return Array(buffer.readableBytesView)
        } catch is NIOTooManyBytesError {
            throw HubError(.tooLarge, "the body is longer than \(limit) bytes", "send less")
        }
    }
}

extension Response {
    static func notModified(_ tag: String) -> Response {
        Response(status: .notModified, headers: [.eTag: tag])
    }
}

extension HTTPField.Name {
    static var prefer: Self { field("Prefer") }
    static var preferenceApplied: Self { field("Preference-Applied") }

    private static func field(_ text: String) -> Self { Self(text) ?? .vary }
}
