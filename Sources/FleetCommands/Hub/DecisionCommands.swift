import ArgumentParser
import CommandSupport
import Grants
import Requests
import StrictJSON

struct DenyCommand: JitgateCommand {
    static let configuration = CommandConfiguration(
        commandName: "deny",
        abstract: "Deny a request at a hub, with the reason.",
        discussion: """
            The decision is signed under jitgate-decision and kept by the hub; the one who asks is told \
            the reason. After it no signature is taken. Hosts know nothing of it: a grant that is open \
            already is ended by `jitgate request-revocation`.

              jitgate-fleet deny 0b8a2f6e-5c1d-4f0e-9a43-2f1f6f0c7d11 \\
                --reason 'not during the freeze'

            Exit status: 0 done; 1 refused, such as for a decision before; 2 usage; else as in \
            sysexits.h: 69 the hub does not answer, 75 try again later, 77 no permission, 78 bad \
            configuration.
            """
    )

    @Argument(help: "The id of the request.", transform: GrantID.init(parsing:))
    var id: GrantID

    @Option(help: ArgumentHelp("Why.", valueName: "text"))
    var reason: String

    @OptionGroup var hub: HubOptions
    @OptionGroup var format: FormatOptions

    func perform(on console: Console) throws(CommandFailure) {
        let client = try hub.client(on: console)
        let decision = Decision(client: client, id: id, reason: reason)
        try decision.report(try decision.sign(.deny), "denied", format, on: console)
    }
}

struct WithdrawRequestCommand: JitgateCommand {
    static let configuration = CommandConfiguration(
        commandName: "withdraw-request",
        abstract: "Take back a request at a hub.",
        discussion: """
            Those who asked, or signed, take back what is not published yet. By default the session \
            decides; with --sign the decision is signed under jitgate-decision. `jitgate withdraw` does \
            the same. A grant that hosts have is ended by `jitgate request-revocation`.

              jitgate-fleet withdraw-request 0b8a2f6e-5c1d-4f0e-9a43-2f1f6f0c7d11

            Exit status: 0 done; 1 refused, such as for a decision before; 2 usage; else as in \
            sysexits.h: 69 the hub does not answer, 75 try again later, 77 no permission, 78 bad \
            configuration.
            """
    )

    @Argument(help: "The id of the request.", transform: GrantID.init(parsing:))
    var id: GrantID

    @Option(help: ArgumentHelp("Why.", valueName: "text"))
    var reason = "not needed any more"

    @Flag(help: "Sign the decision.")
    var sign = false

    @OptionGroup var hub: HubOptions
    @OptionGroup var format: FormatOptions

    func perform(on console: Console) throws(CommandFailure) {
        let client = try hub.client(on: console)
        let decision = Decision(client: client, id: id, reason: reason)
        let request = sign ? try decision.sign(.withdraw) : try decision.withdraw()
        try decision.report(request, "withdrawn", format, on: console)
    }
}

/// The end of a request by a person.
struct Decision {
    let client: HubClient
    let id: GrantID
    let reason: String

    private var path: String { "/v1/requests/\(id)/decisions" }

    /// Signs the decision over the very payload that the hub has, and sends it.
    func sign(_ kind: DecisionDocument.Kind) throws(CommandFailure) -> HubRequest {
        let request = try HubRequest(client.get("/v1/requests/\(id)"), from: client.url)
        return try send(kind, CheckedRequest(request, of: id))
    }

    func send(
        _ kind: DecisionDocument.Kind,
        _ request: CheckedRequest
    ) throws(CommandFailure) -> HubRequest {
        let document = DecisionDocument(
            request: id,
            payloadDigest: request.digest,
            decision: kind,
            reason: reason
        )
        let payload = document.payload()
        do throws(GrantSyntaxError) {
            _ = try DecisionDocument(parsing: payload)
        } catch {
            throw CommandFailure(.usage, "\(error.field): \(error.reason)")
        }
        let file = payload + (try client.signer().sign(payload, for: DecisionDocument.namespace))
        return try HubRequest(client.post(path, .file(file)), from: client.url)
    }

    /// Takes the request back by the session alone.
    func withdraw() throws(CommandFailure) -> HubRequest {
        let body: JSONValue = ["decision": "withdraw", "reason": .string(reason)]
        return try HubRequest(client.post(path, .json(body)), from: client.url)
    }

    func report(
        _ request: HubRequest,
        _ word: String,
        _ format: FormatOptions,
        on console: Console
    ) throws(CommandFailure) {
        guard !format.json else { return console.print(json: request.value) }
        console.print("\(word)  \(request.id)")
    }
}
