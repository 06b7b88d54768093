import Grants
import HubPages
import HubSettings
import Hummingbird
import Requests

/// The form to ask for access.
struct AskPageRoutes: HubRoutes {
    let desk: PageDesk

    func add(to router: Router<HubContext>) {
        router.get("/request") { request, context in
            await desk.page(context) { person in
                try await form(PageQuery(request), context.peer.address, person)
            }
        }
        router.post("/request") { request, context in
            await desk.form(request, context) { form, person in
                try await send(form["payload"] ?? "", person)
            }
        }
    }

    private func form(
        _ query: PageQuery,
        _ address: Address?,
        _ person: Person
    ) async throws -> AskPage {
        var fields = AskFields()
        for name in AskFields.Name.allCases { fields[name] = query[name.rawValue] }
        let isSent = query["preview"] == "yes"
        let own = address.map { Prefix(covering: $0, length: $0.family.bitCount) }
        if !isSent, fields[.sources].isEmpty { fields[.sources] = own?.description ?? "" }
        var page = AskPage(fields)
        page.address = own?.description
        page.isPrivate = address?.isPrivate ?? false
        page.ports = ["22/tcp", "3389/tcp", "5986/tcp"]
        guard isSent else { return page }
        var generator = SystemRandomNumberGenerator()
        let id = GrantID.random(using: &generator)
        switch AskReader.read(fields, for: person.name, id: id, at: desk.parts.now()) {
        case .failure(let problems): page.problems = problems.all
        case .success(let grant): page.preview = await preview(of: grant, person)
        }
        return page
    }

    private func preview(of grant: Grant, _ person: Person) async -> AskPreview {
        let requests = desk.parts.requests
        let outlook = RequestOutlook(
            of: grant,
            signedBy: [],
            in: await requests.fleet(grant),
            at: requests.now()
        )
        let payload = grant.payload()
        return AskPreview(
            grant,
            payload: payload,
            command: grant.askCommand(to: desk.parts.configuration.places.url),
            hosts: outlook.hosts,
            isPossible: !outlook.isHopeless,
            unsigned: person.isSigned ? nil : Base64.encode(payload)
        )
    }

    private func send(_ text: String, _ person: Person) async throws -> PageLink {
        guard !person.isSigned || person.may(.request) else {
            throw HubError(.notAllowed, "\(person.name) may not ask", "have somebody ask for you")
        }
        guard let payload = Base64.decode(Array(text.utf8)) else {
            throw HubError(.malformed, "the form has no payload", "fill the form in again")
        }
        let (stored, _) = try await HubError.answering { () async throws(RequestError) in
            try await desk.parts.requests.ask(payload, by: person.name)
        }
        return .request(stored.request.grant.id.description)
    }
}
