import ArgumentParser
import CommandSupport
import Grants
import StrictJSON

struct RequestsCommand: JitgateCommand {
    static let configuration = CommandConfiguration(
        commandName: "requests",
        abstract: "List the requests at a hub, or show one.",
        discussion: """
            Without a filter these are the requests that are not over: pending, approved, published and \
            open. MISSING is the largest number of approvals that a host still wants.

              jitgate-fleet requests
              jitgate-fleet requests --state pending --host web-1
              jitgate-fleet requests --mine --all --json
              jitgate-fleet requests 0b8a2f6e-5c1d-4f0e-9a43-2f1f6f0c7d11

            Exit status: 0 done; 1 there is no such request; 2 usage; else as in sysexits.h: 69 the hub \
            does not answer, 75 try again later, 77 no permission, 78 bad configuration.
            """
    )

    /// The states of what is not over, in the order in which they are shown.
    private static let live = ["pending", "approved", "published", "open"]
    private static let states = live + ["ended", "denied", "withdrawn", "lapsed"]

    @Argument(
        help: ArgumentHelp("Show these, with all that is known of them.", valueName: "id"),
        transform: GrantID.init(parsing:)
    )
    var ids: [GrantID] = []

    @Option(
        help: ArgumentHelp(
            "Those in this state: \(states.joined(separator: ", ")).",
            valueName: "state"
        )
    )
    var state: [String] = []

    @Option(help: ArgumentHelp("Those for this host.", valueName: "name"))
    var host: String?

    @Option(help: ArgumentHelp("Those for this person.", valueName: "name"))
    var requestor: String?

    @Option(help: ArgumentHelp("Those with this ticket.", valueName: "id"))
    var ticket: String?

    @Flag(help: "Those that you sent.")
    var mine = false

    @Flag(help: "Also those that are over.")
    var all = false

    @Option(name: .short, help: ArgumentHelp("List at most this many.", valueName: "count"))
    var number = 100

    @OptionGroup var hub: HubOptions
    @OptionGroup var format: FleetFormat

    func validate() throws {
        if let unknown = state.first(where: { !Self.states.contains($0) }) {
            throw ValidationError("--state \(unknown): there is no such state")
        }
        guard (1...100_000).contains(number) else {
            throw ValidationError("-n takes 1 to 100000")
        }
    }

    func perform(on console: Console) throws(CommandFailure) {
        let client = try hub.client(on: console)
        let requests = ids.isEmpty ? try list(client) : try shown(client)
        format.write(
            json: ["hub": .string(client.url), "requests": .array(requests.map(\.value))],
            csv: HubRequestView.csv(requests),
            on: console
        )
        guard format.isText else { return }
        guard ids.isEmpty else {
            return console.print(safely: requests.flatMap(HubRequestView.lines))
        }
        guard !requests.isEmpty else { return console.note("there are no such requests") }
        for line in HubRequestView.table(requests) { console.print(line) }
    }

    private func shown(_ client: HubClient) throws(CommandFailure) -> [HubRequest] {
        var requests: [HubRequest] = []
        for id in ids {
            requests.append(try HubRequest(client.get("/v1/requests/\(id)"), from: client.url))
        }
        return requests
    }

    private func list(_ client: HubClient) throws(CommandFailure) -> [HubRequest] {
        let states: [String?] = state.isEmpty ? (all ? [nil] : Self.live) : state
        var requests: [HubRequest] = []
        for state in states where requests.count < number {
            let filters = [
                ("state", state), ("host", host), ("requestor", requestor), ("ticket", ticket),
                ("mine", mine ? "true" : nil),
            ]
            let list = RequestList(client: client, filters: filters)
            requests += try list.read(atMost: number - requests.count)
        }
        return requests
    }
}

/// A list of requests, read page by page.
struct RequestList {
    /// The longest page, and the most of them: a hub could else be read for ever.
    private static let page = 200
    private static let mostPages = 1000

    let client: HubClient
    let filters: [(name: String, value: String?)]

    func read(atMost limit: Int) throws(CommandFailure) -> [HubRequest] {
        var requests: [HubRequest] = []
        var cursor: String?
        // A page may be empty and have a next one: a hub looks at so many requests at once.
        for _ in 0..<Self.mostPages where requests.count < limit {
            let size = min(Self.page, limit - requests.count)
            let query = URLQuery(filters + [("cursor", cursor), ("limit", "\(size)")])
            let value = try client.get("/v1/requests\(query)")
            guard let rows = value["requests"]?.items else {
                throw HubRequest.malformed(client.url)
            }
            for row in rows { requests.append(try HubRequest(row, from: client.url)) }
            guard let next = value["next"]?.text, next != cursor else { break }
            cursor = next
        }
        return Array(requests.prefix(limit))
    }
}

/// The query of a URL, with values of any kind.
struct URLQuery: CustomStringConvertible {
    let description: String

    init(_ parameters: [(name: String, value: String?)]) {
        let parts = parameters.compactMap { parameter in
            parameter.value.map { "\(parameter.name)=\(Self.escaped($0))" }
        }
        description = parts.isEmpty ? "" : "?" + parts.joined(separator: "&")
    }

    /// Text of which only the unreserved characters of RFC 3986 stand as they are.
    static func escaped(_ text: String) -> String {
        text.utf8.reduce(into: "") { escaped, byte in
            let scalar = Unicode.Scalar(byte)
            if byte < 128, "-._~".unicodeScalars.contains(scalar) || scalar.isWordScalar {
                escaped.unicodeScalars.append(scalar)
            } else {
                let digits = String(byte, radix: 16, uppercase: true)
                escaped += byte < 16 ? "%0\(digits)" : "%\(digits)"
            }
        }
    }
}

extension Unicode.Scalar {
    fileprivate var isWordScalar: Bool {
        ("a"..."z").contains(self) || ("A"..."Z").contains(self) || ("0"..."9").contains(self)
    }
}
