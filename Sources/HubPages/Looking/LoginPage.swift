import Grants
package import HTMLWriter

/// The pages before the login.
package struct LoginPage: HubPage, Sendable {
    package enum Content: Hashable, Sendable {
        /// Nobody is logged in, and there is no code.
        case instructions
        /// The button that uses a code.
        case code(String)
        /// The code was used, or is too old.
        case used
        /// A proxy logs people in, and it named nobody.
        case proxy
    }

    package var content: Content

    package init(_ content: Content) {
        self.content = content
    }

    package var title: String {
        switch content {
        case .instructions, .proxy: "Log in"
        case .code: "Log in to this browser"
        case .used: "This link is used up"
        }
    }

    package func write(to main: inout Markup, in frame: PageFrame) {
        switch content {
        case .instructions: instructions(&main, frame)
        case .code(let code): button(&main, frame, code)
        case .used:
            main.paragraph("A link works once, within 60 seconds. Make another:")
            main.command(command(frame))
        case .proxy:
            main.paragraph("The proxy in front of the hub logs people in, and it named nobody.")
        }
    }

    private func command(_ frame: PageFrame) -> String {
        "jitgate login \(ShellWord.quoted(frame.hub))"
    }

    private func instructions(_ main: inout Markup, _ frame: PageFrame) {
        main.paragraph("There are no passwords: your SSH key says who you are. On your machine:")
        main.command(command(frame))
        main.paragraph("It prints a link that logs one browser in, once.")
    }

    /// A form without a token: there is no session yet, and the code is as good.
    private func button(_ main: inout Markup, _ frame: PageFrame, _ code: String) {
        main.paragraph("You asked for this link a moment ago. Go on only if it was you.")
        main.element("form", ["method": "post", "action": "/login"]) { form in
            form.hidden("code", code)
            form.button("Log in to \(frame.hub)")
        }
    }
}
