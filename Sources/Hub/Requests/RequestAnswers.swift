import Grants
import Hummingbird
import Requests
import StrictJSON

extension HubError {
    /// The answer of the hub to what the desk of requests did not do.
    init(_ error: RequestError) {
        switch error {
        case .malformed(let reason):
            self.init(.malformed, reason, "send what docs/PROTOCOL.hub describes")
        case .notSigned(let reason):
            self.init(
                .notSigned,
                reason,
                "sign the very bytes with a key that allowed_signers lists"
            )
        case .tooManyHosts:
            self.init(.tooManyHosts, "it names more than 1000 hosts", "name a label or a glob")
        case .notAllowed(let reason):
            self.init(.notAllowed, reason, "have somebody do it who may")
        case .notFound:
            let remedy = "GET /v1/requests has all requests"
            self.init(.notFound, "there is no such request", remedy)
        case .idTaken:
            self.init(.idTaken, "another request has this id", "write one with a new id")
        case .decided(.published):
            self.init(.decided, "the request is published", "end its grant: jitgate revoke ID")
        case .decided(let state):
            self.init(.decided, "the request is \(state.rawValue)", "ask with a new id")
        case .over(let reason): self.init(.over, reason, "ask with a new id")
        case .refused(let outlooks): self.init(refusedBy: outlooks)
        case .tooManyRequests(let limit):
            let remedy = "withdraw one, or wait until one is answered"
            self.init(.tooMany, "\(limit) requests of yours wait already", remedy)
            retryAfter = 60
        case .tooManySignatures:
            let remedy = "hosts take no file with more"
            self.init(.tooMany, "the request has as many signatures as a file may have", remedy)
            retryAfter = 3600
        case .full:
            self.init(.full, "the shelf has no room", "have files withdrawn that are over")
        case .store(let error): self.init(error)
        }
    }

    private init(refusedBy outlooks: [HostOutlook]) {
        let message =
            outlooks.isEmpty ? "no host of the fleet is meant" : "no host would take the request"
        self.init(.refused, message, "change what the hosts refuse, and ask with a new id")
        members = [.init("hosts", .array(outlooks.prefix(1000).compactMap(\.refusalJSON)))]
    }
}

/// Requests as rows.
struct RequestTable {
    private static let columns = [
        "id", "state", "since", "created", "requestor", "asked_by", "is_signed", "hosts", "ports",
        "sources", "expires", "ticket", "reason",
    ]

    private let documents: [JSONValue]

    init(_ documents: [JSONValue]) {
        self.documents = documents
    }

    var answer: Response {
        let rows = documents.map { document in
            Self.columns.map { Self.cell(document[$0]) }
        }
        let lines = ([Self.columns] + rows).map { row in
            row.map(Self.quoted).joined(separator: ",") + "\r\n"
        }
        return HubAnswer.bytes(Array(lines.joined().utf8), "text/csv; charset=utf-8")
    }

    private static func cell(_ value: JSONValue?) -> String {
        switch value {
        case .string(let text)?: text
        case .bool(let flag)?: flag ? "true" : "false"
        case .integer(let number)?: String(number)
        case .array(let items)?: items.map { cell($0) }.joined(separator: " ")
        case .object?, .null?, nil: ""
        }
    }

    /// A field of RFC 4180, which no spreadsheet takes for a formula.
    private static func quoted(_ text: String) -> String {
        let isFormula = text.utf8.first.map { "=+-@\t\r".utf8.contains($0) } ?? false
        let safe = isFormula ? "'" + text : text
        guard safe.utf8.contains(where: { ",\"\r\n".utf8.contains($0) }) else { return safe }
        let doubled = safe.split(separator: "\"", omittingEmptySubsequences: false)
        return "\"" + doubled.joined(separator: "\"\"") + "\""
    }
}

extension HubError {
    /// Runs a body whose errors are those of calls.
    static func answering<Value>(
        _ body: () async throws(RequestError) -> Value
    ) async throws(HubError) -> Value {
        do throws(RequestError) {
            return try await body()
        } catch {
            throw HubError(error)
        }
    }
}

extension HubContext {
    /// The id in the path; a text that is none is a request that is not there.
    func requestID() throws(HubError) -> GrantID {
        guard let id = try? GrantID(parsing: try part("id")) else {
            throw HubError(RequestError.notFound)
        }
        return id
    }
}
