import ArgumentParser
import CommandSupport
import Grants
import Signatures
import StrictJSON

/// The options of commands that wait until a request is open.
struct WaitOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Wait no longer than this.",
            discussion: "Default: until the request is over.",
            valueName: "time"
        ),
        transform: Duration.init(parsing:)
    )
    var atMost: Duration?
}

struct AskCommand: JitgateCommand {
    static let configuration = CommandConfiguration(
        commandName: "ask",
        abstract: "Ask a hub for access: send a request to those who approve.",
        discussion: """
            The request is signed under jitgate-request with the key of --key or of ssh-agent, and \
            approves nothing. `my`, the default of --source, is the address that the hub sees, over IPv4 \
            and IPv6. The hub says on which hosts the grant would open and what each asks for; it \
            refuses a request that no host would take. Defaults and templates are those of `jitgate \
            request`, in ~/.config/jitgate/config.toml; `jitgate request --send` does the same.

              jitgate-fleet ask --host web-1 --port 22/tcp --for 2h \\
                --reason 'disk full' --wait
              jitgate-fleet ask --template db --at 'tomorrow 22:00' --json

            Exit status: 0 done, and open with --wait; 1 refused, denied or withdrawn; 2 usage; else as \
            in sysexits.h: 69 the hub does not answer, 75 not open in time, 77 no permission, 78 bad \
            configuration.
            """
    )

    /// The longest evidence that hubs take, in bytes.
    private static let evidenceLimit = 16 << 10

    @OptionGroup var request: RequestOptions

    @Flag(help: "Send it by the session alone, without a signature.")
    var unsigned = false

    @Option(
        help: ArgumentHelp(
            "A text that proves the request to those who approve, such as the token of a CI job; - is the"
                + " standard input.",
            valueName: "file"
        ),
        completion: .file()
    )
    var evidence: String?

    @Flag(help: "Wait until it is open.")
    var wait = false

    @OptionGroup var waiting: WaitOptions
    @OptionGroup var hub: HubOptions
    @OptionGroup var format: FormatOptions

    func validate() throws {
        guard wait || waiting.atMost == nil else {
            throw ValidationError("--at-most belongs to --wait")
        }
    }

    func perform(on console: Console) throws(CommandFailure) {
        let client = try hub.client(on: console)
        let asking = Asking(client: client, console: console)
        let grant = try request.grant(from: asking.origin, on: console)
        let text = try evidence.map { name throws(CommandFailure) in
            try GrantFile.read(name, limit: Self.evidenceLimit, on: console)
        }
        let sent = try asking.send(grant, isSigned: !unsigned, expectsEvidence: text != nil)
        if let text { try client.put("/v1/requests/\(grant.id)/evidence", text) }
        if !format.json || wait { try asking.announce(sent) }
        let wait = RequestWait(
            client: client,
            id: grant.id,
            limit: waiting.atMost,
            console: console
        )
        let result = self.wait ? try wait.untilOpen() : sent
        guard !format.json else { return console.print(json: result.value) }
        console.print(safely: HubRequestView.lines(result))
    }
}

/// A request on its way to a hub.
struct Asking {
    let client: HubClient
    let console: Console

    /// The name and the addresses that the hub knows.
    var origin: RequestOrigin {
        RequestOrigin(
            requestor: { () throws(CommandFailure) in try name() },
            addresses: { () throws(CommandFailure) in
                try OwnAddresses(client: client, console: console).networks()
            },
            sources: [.my]
        )
    }

    private func name() throws(CommandFailure) -> String {
        guard let name = try client.get("/v1/me")["name"]?.text else {
            throw HubRequest.malformed(client.url)
        }
        return name
    }

    /// Sends the payload, signed by the one who asks or by the session alone.
    func send(
        _ grant: Grant,
        isSigned: Bool,
        expectsEvidence: Bool = false
    ) throws(CommandFailure) -> HubRequest {
        let payload = grant.payload()
        do throws(GrantSyntaxError) {
            _ = try Grant(parsing: payload)
        } catch {
            throw CommandFailure(.usage, "\(error.field): \(error.reason)")
        }
        let body: HubClient.Body =
            isSigned
            ? .file(payload + (try client.signer().sign(payload, for: .request)))
            : .json(["payload": .string(Base64.encode(payload))])
        let path = "/v1/requests" + (expectsEvidence ? "?evidence=expected" : "")
        let request = try HubRequest(client.post(path, body), from: client.url)
        guard request.id == grant.id, request.payload == payload else {
            throw CommandFailure(.unavailable, "\(client.url): the hub shows another request")
        }
        return request
    }

    /// Says what was asked, and whom.
    func announce(_ request: HubRequest) throws(CommandFailure) {
        console.note("asked: \(client.url)/requests/\(request.id)")
        if let people = try AskedPeople(request, client).text {
            console.note("asked for an approval: \(DisplayText.safe(people))")
        }
    }
}
