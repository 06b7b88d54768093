package import HTMLWriter

/// An answer of 400 or more, for people.
package struct ErrorPage: HubPage, Sendable {
    package var status: Int
    package var code: String
    package var message: String
    package var remedy: String

    package init(status: Int, code: String, message: String, remedy: String) {
        (self.status, self.code) = (status, code)
        (self.message, self.remedy) = (message, remedy)
    }

    package var title: String {
        switch status {
        case 401: "You are not logged in"
        case 403: "This is not allowed"
        case 404: "There is nothing here"
        case 409, 410: "It is too late for this"
        case 429, 503, 507: "Not now"
        case 500...: "The hub failed"
        default: "This cannot be done"
        }
    }

    package func write(to main: inout Markup, in frame: PageFrame) {
        main.note("bad") { note in
            note.paragraph(message)
            if !remedy.isEmpty { note.paragraph(remedy) }
        }
        main.element("p", ["class": "help"]) { line in
            line.text("\(status) ")
            line.element("code", code)
        }
        main.element("p") { line in
            line.link(PageLink(""), frame.visitor == nil ? "Log in" : "To the requests")
        }
    }
}
