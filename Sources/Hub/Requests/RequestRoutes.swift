import Depot
import Grants
import Hummingbird
import Requests
import StrictJSON

/// The requests of people (docs/PROTOCOL.hub, section 3).
struct RequestRoutes: HubRoutes {
    let parts: HubParts

    private var desk: RequestDesk { parts.requests }

    func add(to router: Router<HubContext>) {
        router.get("/v1/requests") { request, context in try await list(request, context) }
        router.post("/v1/requests") { request, context in try await ask(request, context) }
        router.get("/v1/requests/:id") { _, context in try await show(context) }
        router.get("/v1/requests/:id/file") { _, context in try await file(context) }
        router.post("/v1/requests/:id/signatures") { request, context in
            try await sign(request, context)
        }
        router.post("/v1/requests/:id/decisions") { request, context in
            try await decide(request, context)
        }
        router.post("/v1/files") { request, context in try await send(request, context) }
    }

    // MARK: looking

    private func show(_ context: HubContext) async throws -> Response {
        _ = try context.caller()
        let id = try context.requestID()
        return try await HubError.answering { () async throws(RequestError) in
            HubAnswer.json(try await desk.views.document(of: desk.find(id)))
        }
    }

    private func file(_ context: HubContext) async throws -> Response {
        _ = try context.caller()
        let id = try context.requestID()
        return try await HubError.answering { () async throws(RequestError) in
            HubAnswer.bytes(try await desk.files.file(of: id), "application/octet-stream")
        }
    }

    private func list(_ request: Request, _ context: HubContext) async throws -> Response {
        let person = try context.caller()
        let known = ["state", "requestor", "host", "ticket", "mine"]
        let query = try ListQuery(request, known: known)
        var filter = RequestFilter()
        if let text = query["state"] { filter.state = try Self.state(text) }
        (filter.requestor, filter.ticket) = (query["requestor"], query["ticket"])
        filter.host = query["host"]?.lowercased()
        switch query["mine"] {
        case nil, "false": break
        case "true": filter.concerning = person.name
        default: throw HubError(.malformed, "mine is true or false", "leave it out")
        }
        let (cursor, limit) = (try query.cursor, try query.limit)
        let page = try await HubError.answering { () async throws(RequestError) in
            try await desk.views.list(filter, before: cursor, limit: limit)
        }
        guard try !query.wantsCSV else { return RequestTable(page.items).answer }
        let next = page.next.map { JSONValue.string(String($0)) } ?? .null
        return HubAnswer.json(["requests": .array(page.items), "next": next])
    }

    private static func state(_ text: String) throws(HubError) -> AccessRequest.State {
        guard let state = AccessRequest.State(rawValue: text) else {
            let known = AccessRequest.State.allCases.map(\.rawValue).joined(separator: ", ")
            throw HubError(.malformed, "there is no such state", "the states are \(known)")
        }
        return state
    }

    // MARK: changing

    private func ask(_ request: Request, _ context: HubContext) async throws -> Response {
        let person = try context.caller()
        let types = ["application/octet-stream", "application/json"]
        let body = try await BodyReader.bytes(of: request, types: types)
        let isSigned = BodyReader.mediaType(of: request) == types[0]
        // People of a proxy have no line; what they ask is shown as unsigned.
        if !isSigned, person.isSigned { _ = try context.caller(may: .request) }
        let payload = isSigned ? [] : try Self.payload(body)
        var evidence = Evidence(address: context.peer.address?.description)
        evidence.isExpected = request.uri.queryParameters["evidence"] == "expected"
        let kept = evidence
        return try await HubError.answering { () async throws(RequestError) in
            let (stored, isNew) =
                isSigned
                ? try await desk.ask(signed: body, with: kept)
                : try await desk.ask(payload, by: person.name, with: kept)
            return HubAnswer.json(await desk.views.document(of: stored), isNew ? .created : .ok)
        }
    }

    private static func payload(_ body: [UInt8]) throws(HubError) -> [UInt8] {
        let members = try object(body, of: ["payload"])
        guard let text = members["payload"], let bytes = Base64.decode(Array(text.utf8)) else {
            throw HubError(.malformed, "payload is no base64", "send {\"payload\": BASE64}")
        }
        return bytes
    }

    private func sign(_ request: Request, _ context: HubContext) async throws -> Response {
        _ = try context.caller()
        let id = try context.requestID()
        let armor = try await BodyReader.bytes(of: request, types: ["text/plain"])
        return try await HubError.answering { () async throws(RequestError) in
            HubAnswer.json(try await desk.views.document(of: desk.sign(id, armor)))
        }
    }

    private func decide(_ request: Request, _ context: HubContext) async throws -> Response {
        let person = try context.caller()
        let id = try context.requestID()
        let types = ["application/octet-stream", "application/json"]
        let body = try await BodyReader.bytes(of: request, types: types)
        if BodyReader.mediaType(of: request) == types[0] {
            return try await HubError.answering { () async throws(RequestError) in
                HubAnswer.json(try await desk.views.document(of: desk.decide(id, signed: body)))
            }
        }
        let members = try Self.object(body, of: ["decision", "reason"])
        guard members["decision"] == "withdraw", let reason = members["reason"] else {
            throw HubError(
                .malformed,
                "without a signature a request can be withdrawn, no more",
                "send {\"decision\": \"withdraw\", \"reason\": TEXT}, or sign the decision"
            )
        }
        return try await HubError.answering { () async throws(RequestError) in
            let stored = try await desk.withdraw(
                id,
                reason: reason,
                by: person.name,
                key: person.key
            )
            return HubAnswer.json(await desk.views.document(of: stored))
        }
    }

    private func send(_ request: Request, _ context: HubContext) async throws -> Response {
        let person = try context.caller()
        let body = try await BodyReader.bytes(of: request, types: ["application/octet-stream"])
        return try await HubError.answering { () async throws(RequestError) in
            let (digest, shelves) = try await desk.files.send(body, by: person.name)
            return HubAnswer.json([
                "sha256": .string(digest.description),
                "shelves": .array(shelves.map { .string($0.description) }),
            ])
        }
    }

    // MARK: reading

    /// The texts of a JSON object with these members and no others.
    private static func object(
        _ body: [UInt8],
        of names: [String]
    ) throws(HubError) -> [String: String] {
        let value: JSONValue
        do throws(JSONSyntaxError) {
            value = try JSONNode.parse(body, limits: .init(bytes: BodyReader.limit, depth: 16))
                .value
        } catch {
            throw HubError(.malformed, "the body is no I-JSON: \(error)", "send an object")
        }
        guard case .object(let members) = value, Set(members.map(\.name)).isSubset(of: names) else {
            throw HubError(
                .malformed,
                "the body is no object of \(names.joined(separator: " and "))",
                "send no other members"
            )
        }
        return members.reduce(into: [:]) { $0[$1.name] = $1.value.text }
    }
}
