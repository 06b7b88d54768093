import CommandSupport
import StrictJSON
import Transfer

/// The answers of a hub, and what they say went wrong.
enum HubAnswer {
    /// The longest answer to a call, in bytes: 1,000 requests with their prospects.
    static let limit = 16 << 20

    /// The value of an answer; one that reports an error is thrown.
    static func value(of response: Response, from url: String) throws(CommandFailure) -> JSONValue {
        guard (200...299).contains(response.status) else { throw failure(response, from: url) }
        guard !response.body.isEmpty else { return .null }
        return try json(response.body, from: url)
    }

    static func json(_ bytes: [UInt8], from url: String) throws(CommandFailure) -> JSONValue {
        do throws(JSONSyntaxError) {
            return try JSONNode.parse(bytes, limits: .init(bytes: limit, depth: 16)).value
        } catch {
            throw CommandFailure(
                .unavailable,
                "\(url): the answer is not what a hub says: \(error)",
                hints: ["does a hub answer at this URL?"]
            )
        }
    }

    /// The error of an answer (docs/PROTOCOL.hub, section 1).
    private static func failure(_ response: Response, from url: String) -> CommandFailure {
        guard let value = try? JSONNode.parse(response.body).value["error"],
            let message = value["message"]?.text
        else {
            return CommandFailure(
                status(nil, response.status),
                "\(url): the hub answered \(response.status)",
                hints: response.status == 404 ? ["does a hub answer at this URL?"] : []
            )
        }
        let hosts = (value["hosts"]?.items ?? []).compactMap(hostReason)
        let remedy = value["remedy"]?.text.flatMap { $0.isEmpty ? nil : $0 }
        return CommandFailure(
            status(value["code"]?.text, response.status),
            ([message] + hosts).map(oneLine).joined(separator: "\n"),
            hints: [remedy.map(oneLine)].compactMap(\.self)
        )
    }

    private static func hostReason(_ value: JSONValue) -> String? {
        guard let host = value["host"]?.text else { return nil }
        return "\(host) refuses: \(value["refuses"].flatMap(HubOutlook.refusal) ?? "")"
    }

    /// A message of a stranger cannot pose as several of ours.
    private static func oneLine(_ text: String) -> String { text.replacing("\n", with: " ") }

    private static func status(_ code: String?, _ status: Int) -> ExitStatus {
        switch (code, status) {
        case ("login-required"?, _), ("not-allowed"?, _), (_, 401), (_, 403): .noPermission
        case (_, 429), (_, 503), (_, 507): .temporary
        case (nil, _), (_, 500...): .unavailable
        default: .no
        }
    }
}
