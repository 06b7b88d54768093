import ArgumentParser
import CommandSupport
import Grants
import Signatures
import StrictJSON

struct ApproveCommand: JitgateCommand {
    static let configuration = CommandConfiguration(
        commandName: "approve",
        abstract: "Approve requests at a hub, each by a signature over its payload.",
        discussion: """
            The payload is fetched and shown in words, as `jitgate sign` shows it. If the hub shows \
            another request than the bytes say, nothing is signed. Then ssh-keygen signs them under \
            jitgate-grant, with the key of --key or of ssh-agent, and the signature is sent. Hosts check \
            it themselves.

              jitgate-fleet approve 0b8a2f6e-5c1d-4f0e-9a43-2f1f6f0c7d11
              jitgate-fleet approve --yes --key ~/.ssh/ops ID …

            Exit status: 0 all are approved; 1 some are not; 2 usage; else as in sysexits.h: 69 the hub \
            does not answer, 75 try again later, 77 no permission, 78 bad configuration.
            """
    )

    @Argument(help: "The ids of the requests.", transform: GrantID.init(parsing:))
    var ids: [GrantID]

    @Flag(name: .shortAndLong, help: "Approve without a question.")
    var yes = false

    @OptionGroup var hub: HubOptions
    @OptionGroup var format: FormatOptions

    func perform(on console: Console) throws(CommandFailure) {
        let client = try hub.client(on: console)
        var approved: [HubRequest] = []
        for id in ids {
            let request = try HubRequest(client.get("/v1/requests/\(id)"), from: client.url)
            let checked = try CheckedRequest(request, of: id)
            show(checked, request, on: console)
            guard try isWanted(on: console) else {
                console.note("\(id) is not approved")
                continue
            }
            approved.append(try approve(checked, client))
        }
        if format.json {
            console.print(json: ["approved": .array(approved.map(\.value))])
        } else {
            for request in approved { show(request, on: console) }
        }
        guard approved.count == ids.count else { throw .alreadyReported }
    }

    private func approve(
        _ checked: CheckedRequest,
        _ client: HubClient
    ) throws(CommandFailure) -> HubRequest {
        let signature = try client.signer().sign(checked.payload, for: .grant)
        let path = "/v1/requests/\(checked.grant.id)/signatures"
        return try HubRequest(client.post(path, .signature(signature)), from: client.url)
    }

    /// Shows what the bytes say, and what the hub says of them.
    private func show(
        _ checked: CheckedRequest,
        _ request: HubRequest,
        on console: Console
    ) {
        console.note("\(checked.grant.id)")
        for line in checked.grant.summary { console.note("  \(DisplayText.safe(line))") }
        let role = request.isSigned ? "signed" : "sent, without a signature,"
        console.note(DisplayText.safe("  \(role) by \(request.askedBy), as the hub says"))
        let approvers = request.approvers.joined(separator: ", ")
        if !approvers.isEmpty {
            console.note(DisplayText.safe("  approved by \(approvers), as the hub says"))
        }
    }

    private func isWanted(on console: Console) throws(CommandFailure) -> Bool {
        if yes { return true }
        guard let ask = console.ask else {
            throw CommandFailure(
                .usage,
                "there is no terminal to ask on",
                hints: ["read the request, and approve it with --yes"]
            )
        }
        return ["y", "yes"].contains((ask("Approve this? [y/N] ") ?? "").lowercased())
    }

    private func show(_ request: HubRequest, on console: Console) {
        let state = DisplayText.safe(request.state)
        console.print("\(console.paint("approved", .green))  \(request.id)  \(state)")
        for outlook in request.outlook {
            console.print(DisplayText.safe("  \(outlook.host): \(outlook.summary)"))
        }
    }
}
