import Grants
import HTTPTypes
import HubPages
import HubSettings
import HubStorage
import Hummingbird
import Logging

/// The surroundings of all pages: the person, the frame, and errors that become pages.
struct PageDesk: Sendable {
    let parts: HubParts

    /// Answers with a page for a person; a browser that nobody is logged in with is sent to /login.
    func page(
        _ context: HubContext,
        _ body: (Person) async throws -> any HubPage
    ) async -> Response {
        await answer(context) { person in show(try await body(person), context) }
    }

    /// Answers to the form of a page, which must be one that the hub made for the person.
    func form(
        _ request: Request,
        _ context: HubContext,
        _ body: (FormBody, Person) async throws -> PageLink
    ) async -> Response {
        await answer(context) { person in
            let form = try await FormBody(of: request)
            try parts.check(formToken: form["form_token"], of: person)
            return HubAnswer.see(try await body(form, person).text)
        }
    }

    func show(
        _ page: any HubPage,
        _ context: HubContext,
        _ status: HTTPResponse.Status = .ok
    ) -> Response {
        var response = HubAnswer.page(page.html(in: frame(context)), status)
        response.headers[.contentSecurityPolicy] = PageAsset.contentSecurityPolicy
        // By `no-referrer` browsers would send the forms of the page with `Origin: null`.
        if let name = HTTPField.Name("Referrer-Policy") { response.headers[name] = "same-origin" }
        return response
    }

    /// The page of an error.
    func show(_ error: HubError, _ context: HubContext) -> Response {
        let page = ErrorPage(
            status: error.code.status.code,
            code: error.code.rawValue,
            message: error.message,
            remedy: error.remedy
        )
        var response = show(page, context, error.code.status)
        error.addHeaders(to: &response)
        return response
    }

    private func answer(
        _ context: HubContext,
        _ body: (Person) async throws -> Response
    ) async -> Response {
        guard let person = context.person, person.may(.login) else {
            return HubAnswer.see(PageLink("login").text)
        }
        do {
            return try await body(person)
        } catch let error as HubError {
            return show(error, context)
        } catch let error as StorageError {
            parts.counters.countStoreError()
            parts.logger.error("the store failed", metadata: ["reason": "\(error)"])
            return show(HubError(error), context)
        } catch {
            parts.logger.error("a page failed", metadata: ["reason": "\(error)"])
            return show(HubError(.fault, "the hub has a fault", "see its log"), context)
        }
    }

    private func frame(_ context: HubContext) -> PageFrame {
        let visitor = context.person.map { person in
            Visitor(
                name: person.name,
                may: Set(person.permissions.map(\.rawValue)),
                isSigned: person.isSigned,
                formToken: parts.formToken(of: person)
            )
        }
        return PageFrame(hub: parts.configuration.places.url, visitor: visitor, now: parts.now())
    }
}

/// The query of a page, as a browser's form writes it.
struct PageQuery: Sendable {
    private let fields: FormBody

    init(_ request: Request) throws(HubError) {
        fields = try FormBody(parsing: Array((request.uri.query ?? "").utf8))
    }

    /// The value of a field without blanks around it; empty if it is not there.
    subscript(name: String) -> String {
        let text = fields[name] ?? ""
        let end = text.lastIndex { $0 != " " }
        return end.map { String(text[...$0].drop { $0 == " " }) } ?? ""
    }

    /// The value of a field; `nil` if it is empty.
    func ifAny(_ name: String) -> String? {
        let text = self[name]
        return text.isEmpty ? nil : text
    }

    /// The position after which a list continues; `nil` for its beginning.
    var cursor: Int64? { Int64(self["cursor"]).flatMap { $0 >= 0 ? $0 : nil } }

    /// A moment in UTC as a field for times writes it, `2026-12-01T22:00`, or as RFC 3339.
    func moment(_ name: String) throws(HubError) -> Moment? {
        guard let text = ifAny(name) else { return nil }
        let seconds = text.utf8.count == 16 ? ":00" : ""
        do throws(TextError) {
            return try Moment(parsing: text.hasSuffix("Z") ? text : text + seconds + "Z")
        } catch {
            throw HubError(.malformed, "\(name): \(error)", "write it as 2026-12-01T12:00:00Z")
        }
    }
}

extension Request {
    /// True if a browser shows the answer to a person.
    var wantsPage: Bool { headers[.accept]?.contains("text/html") ?? false }
}
