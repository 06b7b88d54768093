import HTTPTypes
import Hummingbird

/// Gives a call to the routes of the host that it names: those of the hub, or those of the approval page.
///
/// Neither host serves a path of the other, and a call for any third one gets nothing.
struct HostedResponder: HTTPResponder {
    typealias Context = HubContext

    /// The paths that programs beside the hub ask for by its address.
    private static let unnamed: Set<String> = ["/healthz", "/metrics"]

    let hub: RouterResponder<HubContext>
    let approval: RouterResponder<HubContext>
    let refusal: RouterResponder<HubContext>
    let hubHost: String
    let approvalHost: String?

    func respond(to request: Request, context: HubContext) async throws -> Response {
        let host = Self.host(request)
        let responder =
            if host == hubHost || Self.unnamed.contains(request.plainPath) {
                hub
            } else if let approvalHost, host == approvalHost {
                approval
            } else {
                refusal
            }
        var response = try await responder.respond(to: request, context: context)
        // A client that was told to stop must not be read to the end of a body that nobody wants.
        if response.status == .contentTooLarge || response.status == .lengthRequired {
            response.headers[.connection] = "close"
        }
        return response
    }

    /// The host and port of a call in lower case; empty if it names none, or several.
    static func host(_ request: Request) -> String {
        // The first Host header is the authority; a second one is still among the headers.
        let others = HTTPField.Name("Host").map { request.headers[values: $0] } ?? []
        return others.isEmpty ? (request.head.authority ?? "").lowercased() : ""
    }

    /// The host and port of a URL, without the port that its scheme has anyway.
    static func host(ofURL url: String) -> String {
        let parts = url.split(separator: "/", omittingEmptySubsequences: true)
        let authority = parts.count > 1 ? String(parts[1]) : ""
        let usual = url.hasPrefix("https:") ? ":443" : ":80"
        return authority.hasSuffix(usual) ? String(authority.dropLast(usual.count)) : authority
    }
}
