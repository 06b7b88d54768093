package import HTMLWriter
package import Grants

/// A page for people, without its frame.
package protocol HubPage {
    /// The heading of the page.
    var title: String { get }
    /// The entry of the navigation that is current; `nil` if none is.
    var place: PagePlace? { get }
    /// The events that change the page; `nil` if none does.
    var subject: LiveSubject? { get }
    /// Appends the content of the page below its heading.
    func write(to main: inout Markup, in frame: PageFrame)
}

extension HubPage {
    package var place: PagePlace? { nil }
    package var subject: LiveSubject? { nil }

    /// The whole page in a frame.
    package func html(in frame: PageFrame) -> [UInt8] { frame.html(self) }
}

/// The subject of a page that follows /v1/events.
package enum LiveSubject: Hashable, Sendable {
    case everything
    case request(String)
    case host(String)
}

/// The surroundings of every page: head, navigation, person and form to log out.
package struct PageFrame: Sendable {
    /// The URL of the hub, without a slash at its end.
    package let hub: String
    /// The person who looks; `nil` before the login.
    package let visitor: Visitor?
    /// The time of the page.
    package let now: Moment

    package init(hub: String, visitor: Visitor?, now: Moment) {
        (self.hub, self.visitor, self.now) = (hub, visitor, now)
    }

    package func html(_ page: some HubPage) -> [UInt8] {
        var markup = Markup()
        markup.raw("<!DOCTYPE html>\n")
        markup.element("html", ["lang": "en"]) { html in
            html.element("head") { self.head(&$0, page.title) }
            html.element("body") { body in
                body.element("a", ["class": "skip", "href": "#main"], "Skip to the content")
                header(&body, page.place)
                main(&body, page)
                footer(&body)
            }
        }
        markup.raw("\n")
        return markup.bytes
    }

    private func head(_ head: inout Markup, _ title: String) {
        head.empty("meta", ["charset": "utf-8"])
        head.empty("meta", ["name": "viewport", "content": "width=device-width, initial-scale=1"])
        head.empty("meta", ["name": "color-scheme", "content": "light dark"])
        head.element("title", "\(title) \u{2013} jitgate")
        head.empty("link", ["rel": "icon", "href": PageAsset.icon.path, "type": "image/svg+xml"])
        head.empty("link", ["rel": "stylesheet", "href": PageAsset.style.path])
        guard visitor != nil else { return }
        head.element("script", ["src": PageAsset.script.path, "defer": ""], "")
    }

    private func header(_ body: inout Markup, _ place: PagePlace?) {
        body.element("header", ["class": "top"]) { header in
            header.element("p", ["class": "brand"]) { brand in
                brand.element("a", ["href": "/"], "jitgate")
            }
            guard let visitor else { return }
            header.element("nav", ["aria-label": "Pages"]) { nav in
                for entry in PagePlace.allCases { nav.link(to: entry, isCurrent: entry == place) }
            }
            person(&header, visitor)
        }
    }

    private func person(_ header: inout Markup, _ visitor: Visitor) {
        header.element("form", ["class": "person", "method": "post", "action": "/logout"]) { form in
            form.element("span", ["class": "name"], visitor.name)
            if !visitor.isSigned {
                form.element("span", ["class": "dim"], " by the proxy")
            }
            form.token(of: self)
            form.element("button", ["type": "submit", "class": "plain"], "Log out")
        }
    }

    private func main(_ body: inout Markup, _ page: some HubPage) {
        var attributes: Markup.Attributes = ["id": "main", "tabindex": "-1"]
        switch page.subject {
        case nil: break
        case .everything: attributes.add("data-live", "")
        case .request(let id): attributes.add("data-live", "request:\(id)")
        case .host(let name): attributes.add("data-live", "host:\(name)")
        }
        body.element("main", attributes) { main in
            main.element("h1", page.title)
            page.write(to: &main, in: self)
        }
    }

    private func footer(_ body: inout Markup) {
        body.element("footer") { footer in
            footer.element("p") { line in
                line.text("As of ")
                line.moment(now)
                line.text(". All times are UTC.")
            }
            // The script puts its words here; without one it stays empty.
            footer.element("p", ["id": "live", "role": "status"], "")
        }
    }
}

/// The person who looks at a page.
package struct Visitor: Hashable, Sendable {
    package let name: String
    /// The namespaces of the person, as in /v1/me.
    package let may: Set<String>
    /// False for a person whom a proxy has logged in.
    package let isSigned: Bool
    /// The value of `form_token` in each form.
    package let formToken: String

    package init(name: String, may: Set<String>, isSigned: Bool, formToken: String) {
        (self.name, self.may) = (name, may)
        (self.isSigned, self.formToken) = (isSigned, formToken)
    }

    package var mayAsk: Bool { may.contains("jitgate-request") || !isSigned }
    package var mayApprove: Bool { may.contains("jitgate-grant") }
    package var mayDecide: Bool { may.contains("jitgate-decision") }
}

/// The entries of the navigation.
package enum PagePlace: String, Hashable, Sendable, CaseIterable {
    case requests, ask, hosts, activity, people

    fileprivate var path: String {
        switch self {
        case .requests: "/"
        case .ask: "/request"
        case .hosts, .activity, .people: "/\(rawValue)"
        }
    }

    fileprivate var name: String {
        switch self {
        case .requests: "Requests"
        case .ask: "Ask for access"
        case .hosts: "Hosts"
        case .activity: "Activity"
        case .people: "People"
        }
    }
}

extension Markup {
    fileprivate mutating func link(to entry: PagePlace, isCurrent: Bool) {
        var attributes: Attributes = ["href": entry.path]
        if isCurrent { attributes.add("aria-current", "page") }
        element("a", attributes, entry.name)
    }
}
