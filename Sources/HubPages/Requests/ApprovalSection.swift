import Grants
import HTMLWriter
import Requests

/// The ways to approve and to deny a request.
extension RequestPage {
    func approval(_ main: inout Markup, _ frame: PageFrame) {
        guard state == .pending, let visitor = frame.visitor else { return }
        main.section("approve", visitor.mayApprove ? "Approve or deny it" : "Who can approve it") {
            section in
            if visitor.mayApprove {
                ways(&section, visitor)
            } else {
                section.element("p") { line in
                    line.text("Send this page's link to somebody who may: ")
                    line.element("code", frame.hub + PageLink.request(id).text)
                }
            }
        }
    }

    private func ways(_ section: inout Markup, _ visitor: Visitor) {
        if visitor.name == request.grant.requestor {
            section.note("warn") {
                $0.paragraph("It is your own request: hosts do not count your approval.")
            }
        }
        if let approvalURL {
            section.element("p") { line in
                // The page is of another origin, where nobody is logged in.
                line.element(
                    "a",
                    ["class": "main", "href": "\(approvalURL)/#\(id)", "rel": "noreferrer"],
                    "Approve with a passkey"
                )
            }
        }
        section.paragraph("On a command line, with your own key:")
        section.command("jitgate approve \(id)")
        section.command("jitgate deny \(id)")
    }
}
