import Conditions
import Depot
import Grants
import HubPages
import Posture
import Requests
import StrictJSON
import Testing

/// All pages, with one text wherever a text can stand.
struct SamplePages {
    let text: String
    let now = Moment(microseconds: 1_796_000_000_000_000)

    var visitor: Visitor {
        let may: Set = ["jitgate-login", "jitgate-request", "jitgate-grant", "jitgate-decision"]
        return Visitor(name: text, may: may, isSigned: false, formToken: text)
    }

    var frame: PageFrame { PageFrame(hub: "https://hub.example.com", visitor: visitor, now: now) }
    var strangerFrame: PageFrame { PageFrame(hub: frame.hub, visitor: nil, now: now) }

    func pages() throws -> [(name: String, html: [UInt8])] {
        let pages: [(String, any HubPage)] = [
            ("requests", requests), ("requests without rows", RequestsPage(.init(), rows: [])),
            ("request", try request), ("request that is over", try over),
            ("ask", ask), ("ask with problems", askWithProblems), ("preview", try preview),
            ("hosts", try hosts), ("hosts of many groups", try manyGroups), ("host", try host),
            ("activity", activity), ("people", people), ("error", error),
        ]
        let logins: [(String, LoginPage.Content)] = [
            ("login", .instructions), ("code", .code(text)), ("used", .used), ("proxy", .proxy),
        ]
        return pages.map { ($0.0, $0.1.html(in: frame)) }
            + logins.map { ($0.0, LoginPage($0.1).html(in: strangerFrame)) }
            + [("error for strangers", error.html(in: strangerFrame))]
    }

    // MARK: requests

    func grant() throws -> Grant {
        let prefix = try Prefix(parsing: "203.0.113.7/32")
        let port = try Port(parsing: "22/tcp")
        return Grant(
            id: GrantID(value: 7),
            hosts: [.name(text), .labels([text: text])],
            requestor: text,
            justification: text,
            sources: [prefix],
            ports: [port],
            notBefore: now,
            expires: now + .seconds(7200),
            duration: .seconds(3600),
            ticket: text,
            supersedes: [GrantID(value: 8)]
        )
    }

    func accessRequest() throws -> AccessRequest {
        AccessRequest(
            try grant(),
            payload: Array("{\n\(text)\n}\n".utf8),
            sha256: text,
            askedBy: text + "2",
            isSigned: false,
            created: now,
            lapses: now + .seconds(86400)
        )
    }

    private var requests: RequestsPage {
        get {
            var filter = RequestsPage.Filter()
            (filter.view, filter.state) = (.all, .pending)
            (filter.requestor, filter.host, filter.ticket) = (text, text, text)
            let row = try? RequestRow(accessRequest(), state: .pending)
            var other = row
            other?.id = text
            other?.hosts = [text, text, text, text, text]
            other?.sources = [text]
            other?.duration = text
            let paging = Paging(isFirst: false, next: text)
            let rows = [row, other].compactMap(\.self)
            return RequestsPage(filter, rows: rows, waiting: 2, paging: paging)
        }
    }

    private var request: RequestPage {
        get throws {
            var page = RequestPage(try accessRequest(), state: .pending, since: now)
            page.signatures = ["jitgate-grant", text].map { namespace in
                CollectedSignature(
                    sha256: text,
                    armor: [],
                    namespace: namespace,
                    signer: text,
                    key: text,
                    added: now
                )
            }
            page.hosts = try outlooks().map {
                RequestPage.Host($0, state: text, isPublished: true, openSince: now, deadline: now)
            }
            page.history = [entry]
            page.approvalURL = "https://approve.example.com"
            page.isMine = true
            return page
        }
    }

    private var over: RequestPage {
        get throws {
            var page = try request
            page.state = .denied
            page.decision = .init(decision: text, by: text, reason: text, isSigned: false, at: now)
            return page
        }
    }

    func outlooks() throws -> [HostOutlook] {
        let verdicts: [HostOutlook.Verdict] = [
            .opens, .needs(approvals: 2, from: [text]), .unknown(text),
            .refuses(rule: text, reason: text, remedy: text),
        ]
        let port = try Port(parsing: "22/tcp")
        return try verdicts.enumerated().map { index, verdict in
            let host = try #require(ShelfName("web-\(index)"))
            return HostOutlook(host: host, verdict: verdict, ports: [port])
        }
    }

    // MARK: asking

    private var fields: AskFields {
        var fields = AskFields()
        for name in AskFields.Name.allCases { fields[name] = text }
        return fields
    }

    private var ask: AskPage {
        var page = AskPage(fields)
        (page.address, page.isPrivate, page.ports) = (text, true, [text])
        return page
    }

    private var askWithProblems: AskPage {
        var page = ask
        page.problems = AskFields.Name.allCases.map { AskProblem($0, text) }
        return page
    }

    private var preview: AskPage {
        get throws {
            var page = ask
            page.preview = AskPreview(
                try grant(),
                payload: Array(text.utf8),
                command: text,
                hosts: try outlooks(),
                unsigned: text
            )
            return page
        }
    }

    // MARK: hosts

    private func condition() throws -> Condition {
        try #require(
            Condition([
                "code": .string(text), "severity": "warning", "subject": .string(text),
                "message": .string(text), "remedy": .string(text),
            ])
        )
    }

    func row(_ name: String) throws -> HostRow {
        var row = HostRow(host: name, group: text, state: .drifted)
        row.reason = text
        row.open = [
            OpenAccess(
                id: "\(text)-\(name)",
                requestor: text,
                signers: [text],
                sources: [text, text],
                ports: [text],
                opened: now,
                deadline: now + .seconds(60),
                ticket: text
            )
        ]
        (row.openCount, row.requests7d, row.lastUser, row.lastUse) = (4, 5, text, now)
        row.conditions = [try condition(), try condition()]
        row.checkpoint = .init(size: 6, verified: now)
        (row.tableOwnership, row.version, row.trusted) = (text, text, [text])
        row.age = .seconds(30)
        return row
    }

    private var hosts: HostsPage {
        get throws {
            var filter = HostsPage.Filter()
            (filter.state, filter.group, filter.condition) = (.drifted, text, text)
            filter.query = text
            return HostsPage(
                filter,
                rows: [try row("\(text)-1"), try row("\(text)-2")],
                counts: [(.configured, 3), (.drifted, 2)],
                groups: [text],
                paging: Paging(isFirst: false, next: text)
            )
        }
    }

    private var manyGroups: HostsPage {
        get throws {
            var page = try hosts
            page.groups = (0..<10_000).map { "group-\($0)" }
            page.rows = []
            return page
        }
    }

    private var host: HostPage {
        get throws {
            var page = HostPage(try row(text))
            page.ports = [
                HostPage.Port(
                    port: text,
                    maxDuration: .seconds(3600),
                    allowedSources: [text],
                    widestIPv4: 32,
                    widestIPv6: 128,
                    approvals: 2,
                    approvalsFrom: [text],
                    wantsRequestorSignature: true,
                    tickets: [text]
                )
            ]
            (page.labels, page.kernel, page.history) = ([text], text, [entry])
            return page
        }
    }

    // MARK: looking

    private var entry: ActivityRow {
        ActivityRow(
            position: 3,
            time: now,
            event: text,
            request: text,
            host: text,
            actor: text,
            text: text
        )
    }

    private var activity: ActivityPage {
        var filter = ActivityPage.Filter()
        (filter.event, filter.request, filter.host) = (text, text, text)
        (filter.actor, filter.since, filter.until) = (text, text, text)
        let paging = Paging(isFirst: false, next: text)
        var page = ActivityPage(filter, rows: [entry], events: [text], paging: paging)
        page.problem = text
        page.deadLetters = [
            .init(id: text, webhook: text, type: text, attempts: 9, error: text, created: now)
        ]
        return page
    }

    private var people: PeoplePage {
        let row = PeoplePage.Row(name: text, may: [text], keys: [text], lastLogin: now)
        return PeoplePage(rows: [row], paging: Paging(isFirst: false, next: text))
    }

    private var error: ErrorPage {
        ErrorPage(status: 404, code: text, message: text, remedy: text)
    }
}
