import Grants
import Hummingbird
import Requests
import StrictJSON

/// PUT and GET of the evidence of a request (docs/PROTOCOL.hub, section 3).
struct EvidenceRoutes: HubRoutes {
    let parts: HubParts

    func add(to router: Router<HubContext>) {
        router.put("/v1/requests/:id/evidence") { request, context in
            try await put(request, context)
        }
        router.get("/v1/requests/:id/evidence") { _, context in try await show(context) }
    }

    private func put(_ request: Request, _ context: HubContext) async throws -> Response {
        let person = try context.caller()
        let id = try context.requestID()
        let bytes = try await BodyReader.bytes(
            of: request,
            types: ["text/plain"],
            limit: Evidence.limit
        )
        guard let text = Self.text(bytes) else {
            throw HubError(
                .malformed,
                "evidence is a text of UTF-8, without control characters",
                "send the token alone"
            )
        }
        return try await HubError.answering { () async throws(RequestError) in
            try await parts.requests.evidence.put(text, of: id, by: person.name)
            return HubAnswer.empty()
        }
    }

    private func show(_ context: HubContext) async throws -> Response {
        _ = try context.caller(may: .grant)
        let id = try context.requestID()
        return try await HubError.answering { () async throws(RequestError) in
            let evidence = try await parts.requests.evidence.find(id)
            return HubAnswer.json([
                "evidence": .optional(evidence.text), "address": .optional(evidence.address),
                "expected": .bool(evidence.isExpected),
            ])
        }
    }

    /// The text of a body; `nil` if it is empty, or no text.
    private static func text(_ bytes: [UInt8]) -> String? {
        guard !bytes.isEmpty, bytes.allSatisfy({ $0 >= 0x20 && $0 != 0x7F || $0 == 0x0A }) else {
            return nil
        }
        return String(validating: bytes, as: UTF8.self)
    }
}
