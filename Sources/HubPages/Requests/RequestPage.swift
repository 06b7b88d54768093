package import Grants
package import HTMLWriter
package import Requests

/// One request with all that is known of it.
package struct RequestPage: HubPage, Sendable {
    /// A host of the request.
    package struct Host: Hashable, Sendable {
        package var outlook: HostOutlook
        /// The state of the host, a word of its posture.
        package var state: String
        package var isPublished: Bool
        package var openSince: Moment?
        package var deadline: Moment?

        package init(
            _ outlook: HostOutlook,
            state: String,
            isPublished: Bool = false,
            openSince: Moment? = nil,
            deadline: Moment? = nil
        ) {
            (self.outlook, self.state, self.isPublished) = (outlook, state, isPublished)
            (self.openSince, self.deadline) = (openSince, deadline)
        }
    }

    /// The end of a request by a person.
    package struct Decision: Hashable, Sendable {
        package var decision: String
        package var by: String
        package var reason: String
        package var isSigned: Bool
        package var at: Moment

        package init(decision: String, by: String, reason: String, isSigned: Bool, at: Moment) {
            (self.decision, self.by, self.reason) = (decision, by, reason)
            (self.isSigned, self.at) = (isSigned, at)
        }
    }

    package var request: AccessRequest
    package var state: AccessRequest.State
    package var since: Moment
    package var signatures: [CollectedSignature] = []
    package var decision: Decision?
    package var hosts: [Host] = []
    package var history: [ActivityRow] = []
    /// The URL of the approval page, without a slash at its end; `nil` without one.
    package var approvalURL: String?
    /// True for the person who asked, the requestor, and its signers.
    package var isMine = false

    package init(_ request: AccessRequest, state: AccessRequest.State, since: Moment) {
        (self.request, self.state, self.since) = (request, state, since)
    }

    var id: String { request.grant.id.description }

    package var title: String { "Access for \(request.grant.requestor)" }
    package var place: PagePlace? { .requests }
    package var subject: LiveSubject? { .request(id) }

    package func write(to main: inout Markup, in frame: PageFrame) {
        standing(&main, frame)
        if let decision { main.decision(decision) }
        if !state.isOver { approval(&main, frame) }
        main.section("facts", "The request") { facts(&$0) }
        main.section("hosts", "Hosts") { outlook(&$0) }
        main.section("signatures", "Signatures") { signers(&$0) }
        main.section("bytes", "The bytes that are signed") { bytes(&$0) }
        if isMine && !state.isOver { withdrawal(&main, frame) }
        main.section("history", "History") { $0.history(history, without: .request) }
    }

    private func standing(_ main: inout Markup, _ frame: PageFrame) {
        var row = RequestRow(request, state: state)
        row.needs = hosts.map(\.missing).max() ?? 0
        row.open = hosts.count { $0.isOpen(at: frame.now) }
        main.element("p", ["class": "standing"]) { line in
            line.pill(row.state.kind, row.state.rawValue)
            line.text(" since ")
            line.moment(since)
            if let note = row.stateNote { line.text(", \(note)") }
        }
    }
}

extension RequestPage.Host {
    func isOpen(at now: Moment) -> Bool { openSince != nil && deadline.map { $0 > now } ?? true }

    /// The number of approvals that this host still asks for.
    var missing: Int {
        if case .needs(let approvals, _) = outlook.verdict { approvals } else { 0 }
    }
}

extension Markup {
    fileprivate mutating func decision(_ decision: RequestPage.Decision) {
        note("bad") { note in
            note.element("p") { line in
                line.element("b", decision.decision == "deny" ? "Denied" : "Withdrawn")
                line.text(" by \(decision.by) at ")
                line.moment(decision.at)
                if !decision.isSigned { line.text(", unsigned") }
            }
            if !decision.reason.isEmpty { note.paragraph(decision.reason) }
        }
    }
}
