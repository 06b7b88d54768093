package import Grants
package import HTMLWriter

/// The people of allowed_signers.
package struct PeoplePage: HubPage, Sendable {
    package struct Row: Hashable, Sendable {
        package var name: String
        package var may: [String]
        /// The fingerprints of the keys.
        package var keys: [String]
        package var lastLogin: Moment?
        package var requests: Int64
        package var approvals: Int64

        package init(
            name: String,
            may: [String],
            keys: [String],
            lastLogin: Moment? = nil,
            requests: Int64 = 0,
            approvals: Int64 = 0
        ) {
            (self.name, self.may, self.keys) = (name, may, keys)
            (self.lastLogin, self.requests, self.approvals) = (lastLogin, requests, approvals)
        }
    }

    package var rows: [Row]
    package var paging: Paging

    package init(rows: [Row], paging: Paging = Paging()) {
        (self.rows, self.paging) = (rows, paging)
    }

    package var title: String { "People" }
    package var place: PagePlace? { .people }

    package func write(to main: inout Markup, in frame: PageFrame) {
        let head = ["Name", "May", "Keys", "Last login", "Requests", "Approvals"]
        main.table("The people of allowed_signers", head: head, rows: rows) { row, person in
            row.cell(person.name)
            row.cell { $0.lines(person.may.map(Self.words)) }
            row.cell { cell in
                for key in person.keys { cell.element("code", key) }
            }
            row.moment(person.lastLogin)
            row.number(person.requests)
            row.number(person.approvals)
        }
        main.paging(PageLink("people"), paging)
        main.exports(PageLink("v1", "people"))
    }

    /// The ability that a namespace is, in a few words.
    private static func words(_ namespace: String) -> String {
        switch namespace {
        case "jitgate-login": "log in"
        case "jitgate-request": "ask"
        case "jitgate-grant": "approve"
        case "jitgate-decision": "deny"
        case "jitgate-revocation": "revoke"
        case "jitgate-lockout": "lock out"
        case "jitgate-review": "review"
        case "jitgate-audit": "see everybody's activity"
        case "jitgate-bulletin": "send bulletins"
        default: namespace
        }
    }
}
