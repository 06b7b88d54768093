import ArgumentParser
import CommandSupport
import FetchSettings
import Grants
import Robot
import StrictJSON
import Transfer

/// The options of checks that ask a service by HTTP.
struct ServiceOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The service, with {ticket}, {requestor} or {host} (the first) in the URL.",
            valueName: "url"
        )
    )
    var url: String

    @Option(
        help: ArgumentHelp("A bearer token for the service.", valueName: "file"),
        completion: .file()
    )
    var tokenFile: String?

    @Option(
        help: ArgumentHelp("The authorities of the service's certificate.", valueName: "file"),
        completion: .file()
    )
    var ca: String?
}

extension ServiceOptions {
    /// The longest answer of a service, in bytes.
    private static let limit = 4 << 20
    /// The robot's own limit comes first, if it is shorter.
    private static let time: Duration = .seconds(30)

    /// The document of the service about a request; `nil` if it has none.
    func document(
        about asked: AskedRequest,
        _ console: Console
    ) throws(CommandFailure) -> JSONValue? {
        let address = try address(asked)
        var request = Request(address, limit: Self.limit)
        request.time = Self.time
        request.headers = [("Accept", "application/json")]
        if let token = try token() { request.headers.append(("Authorization", "Bearer \(token)")) }
        let response = try HubOptions.answer(to: request, trusting: ca)
        switch response.status {
        case 200: return try Self.json(response.body, address)
        case 404, 410: return nil
        default:
            throw CommandFailure(
                .unavailable,
                "\(address): the service answered \(response.status)"
            )
        }
    }

    private static func json(_ bytes: [UInt8], _ address: String) throws(CommandFailure)
        -> JSONValue
    {
        do throws(JSONSyntaxError) {
            let limits = JSONNode.Limits(bytes: limit, depth: 64)
            return try JSONNode.parse(bytes, limits: limits, numbers: .any).value
        } catch {
            throw CommandFailure(.no, "\(address): the answer is no JSON: \(error)")
        }
    }

    private func address(_ asked: AskedRequest) throws(CommandFailure) -> String {
        let template: URLTemplate
        do throws(TextError) {
            template = try URLTemplate(parsing: url)
        } catch {
            throw CommandFailure(.usage, "--url: \(error)")
        }
        guard let text = template.url(for: asked, escape: URLQuery.escaped) else {
            throw CommandFailure(.no, "the request lacks what the URL of the service asks for")
        }
        let query = text.firstIndex(of: "?") ?? text.endIndex
        guard text[query...].utf8.allSatisfy({ (0x21...0x7E).contains($0) && $0 != 0x23 }) else {
            throw CommandFailure(.usage, "--url: its query has blanks, or what no URL has")
        }
        do throws(DepotURLError) {
            let base = try DepotURL(String(text[..<query])).description
            return base + text[query...]
        } catch {
            throw CommandFailure(.usage, "--url: \(error.remedy)")
        }
    }

    private func token() throws(CommandFailure) -> String? {
        guard let tokenFile else { return nil }
        let bytes = try GrantFile.read(tokenFile, limit: 16 << 10)
        let token = String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isWhitespace)
        guard token.count == 1, let text = token.first.map(String.init),
            HubClient.isHeaderText(text)
        else {
            throw CommandFailure(.configuration, "\(tokenFile): it does not hold one token")
        }
        return text
    }

    func print(_ answer: CheckAnswer, on console: Console) {
        console.write(answer.json.encoded() + [UInt8(ascii: "\n")])
    }
}

extension Console {
    /// The question of a robot on the standard input.
    func askedRequest() throws(CommandFailure) -> AskedRequest {
        do throws(TextError) {
            return try AskedRequest(parsing: readInput())
        } catch {
            throw CommandFailure(.noInput, "\(error)")
        }
    }
}
