import Grants
import Robot
import StrictJSON
import Testing

/// The verdict of a robot, and the rules of the checks that come with it.
struct VerdictTests {
    private static let now = Moment(microseconds: 1_800_000_000_000_000)

    private static func grant() throws -> Grant {
        Grant(
            id: try GrantID(parsing: "0b8a2f6e-5c1d-4f0e-9a43-2f1f6f0c7d11"),
            hosts: [.name("web-1")],
            requestor: "dana",
            justification: "disk full",
            sources: [try Prefix(parsing: "192.0.2.7")],
            ports: [try Port(parsing: "22/tcp")],
            notBefore: nil,
            expires: now + .seconds(3600),
            duration: .seconds(900)
        )
    }

    private static func verdict(_ answers: CheckAnswer...) throws -> RobotVerdict {
        let results = answers.enumerated().map { NamedAnswer("\($0.offset)", $0.element) }
        return RobotVerdict(results, of: try grant())
    }

    private static let allow = CheckAnswer.allow(until: nil, reason: "ok")

    @Test func `is a signature only if every check allows it, for as long as it can hold`() throws {
        #expect(try Self.verdict(Self.allow, Self.allow) == .sign(note: "0: ok; 1: ok"))
        let end = Self.now + .seconds(3600)
        let inTime = CheckAnswer.allow(until: end, reason: "")
        #expect(try Self.verdict(Self.allow, inTime) == .sign(note: "0: ok; 1"))
        let short = CheckAnswer.allow(until: end + .seconds(-1), reason: "on call")
        guard case .deny(let reason) = try Self.verdict(Self.allow, short) else {
            Issue.record("it is signed for longer than a check allows")
            return
        }
        #expect(reason.contains("on call") && reason.contains("--expires \(end + .seconds(-1))"))
    }

    @Test func `is no if one denies, and nothing if one fails or has no say`() throws {
        let deny = CheckAnswer.deny(reason: "freeze")
        let failed = CheckAnswer.failed(reason: "it ended with 1")
        let pass = CheckAnswer.pass(reason: "no ticket")
        #expect(try Self.verdict(failed, deny, Self.allow) == .deny(reason: "1: freeze"))
        #expect(
            try Self.verdict(Self.allow, failed, pass)
                == .leave(reason: "no answer of 1: it ended with 1")
        )
        #expect(try Self.verdict(Self.allow, pass) == .leave(reason: "1: no ticket"))
        #expect(RobotVerdict([], of: try Self.grant()) == .leave(reason: "no reason given"))
    }

    @Test func `has a reason that a decision can have`() throws {
        let hostile = CheckAnswer.deny(reason: "\u{1B}[2J" + String(repeating: "x", count: 2000))
        guard case .deny(let reason) = try Self.verdict(hostile) else {
            Issue.record("a denial is none")
            return
        }
        #expect(reason.unicodeScalars.count == 1024 && !reason.contains("\u{1B}"))
    }

    // MARK: the shipped checks

    private func asked(ticket: String? = "INC-7", start: Moment? = nil) throws -> AskedRequest {
        let request: JSONValue = [
            "requestor": "dana", "hosts": ["web-1"], "ticket": .optional(ticket),
            "not_before": .optional(start?.description),
        ]
        let line: JSONValue = [
            "jitgate": "check/1", "now": .string(Self.now.description), "request": request,
        ]
        return try AskedRequest(parsing: line.encoded())
    }

    private func ticket(
        _ document: JSONValue,
        start: Moment? = nil,
        window: Bool = true
    ) throws -> CheckAnswer {
        let check = TicketCheck(
            state: try JSONPath(parsing: "fields.status"),
            open: ["approved", "In Progress"],
            begin: window ? try JSONPath(parsing: "fields.from") : nil,
            end: window ? try JSONPath(parsing: "fields.to") : nil
        )
        return check.answer(try asked(start: start), document) { try? Moment(parsing: $0) }
    }

    private func document(_ status: String, from: Int = -60, to: Int = 60) -> JSONValue {
        let times = [from, to].map { JSONValue.string((Self.now + .seconds($0)).description) }
        return ["fields": ["status": .string(status), "from": times[0], "to": times[1]]]
    }

    @Test func `a ticket allows access in its window, in a state that is named`() throws {
        let end = Self.now + .seconds(60)
        let open = CheckAnswer.allow(until: end, reason: "the ticket INC-7 is APPROVED")
        #expect(try ticket(document("APPROVED")) == open)
        #expect(try ticket(document("in progress"), window: false).word == "allow")
        #expect(try ticket(document("closed")) == .deny(reason: "the ticket INC-7 is closed"))
        #expect(try ticket(document("approved", from: 30)).word == "deny")
        #expect(try ticket(document("approved", to: 0)).word == "deny")
        // The time that counts is that of the access, not that of the question.
        let start = Self.now + .seconds(45)
        #expect(try ticket(document("approved", from: 30), start: start).word == "allow")
        #expect(try ticket(document("approved"), start: end).word == "deny")
    }

    @Test(
        arguments: [
            [:], ["fields": ["status": ["approved"]]], ["fields": ["status": "approved"]],
            ["fields": ["status": "approved", "from": "soon", "to": "later"]], "approved", [],
        ] as [JSONValue]
    )
    func `a ticket that lacks what is asked for is no answer`(document: JSONValue) throws {
        #expect(try ticket(document).word == "failed")
    }

    @Test func `people on call have access until the last of their shifts ends`() throws {
        let check = OnCallCheck(
            shifts: try JSONPath(parsing: "oncalls[*]"),
            name: try JSONPath(parsing: "user.login"),
            end: try JSONPath(parsing: "end")
        )
        func shift(_ name: String, _ seconds: Int) -> JSONValue {
            let end = (Self.now + .seconds(seconds)).description
            return ["user": ["login": .string(name)], "end": .string(end)]
        }
        func answer(_ shifts: JSONValue...) throws -> CheckAnswer {
            check.answer(try asked(), ["oncalls": .array(shifts)]) { try? Moment(parsing: $0) }
        }
        let last = Self.now + .seconds(600)
        #expect(
            try answer(shift("Dana", 60), shift("eve", 900), shift("dana", 600))
                == .allow(until: last, reason: "dana is on call")
        )
        #expect(try answer(shift("eve", 900)) == .deny(reason: "dana is not on call"))
        #expect(try answer() == .deny(reason: "dana is not on call"))
        #expect(try answer(shift("dana", 0)).word == "deny")
        #expect(try answer(["user": ["login": "dana"], "end": "tomorrow"]).word == "failed")
    }

    @Test func `paths lead to members, elements and all elements`() throws {
        let document: JSONValue = ["a": [["b": 1], ["b": "x"], ["c": true]], "d": nil]
        func texts(_ path: String) throws -> [String] {
            try JSONPath(parsing: path).texts(in: document)
        }
        #expect(try texts("a[*].b") == ["1", "x"])
        #expect(try texts("a[2].c") == ["true"])
        #expect(try texts("a[3].c").isEmpty && texts("d").isEmpty && texts("a.b").isEmpty)
        for wrong in ["", "a..b", "a[", "a[x]", "a[1", "a[-1]", ".a"] {
            #expect(throws: TextError.self) { try JSONPath(parsing: wrong) }
        }
    }

    @Test func `a URL takes values of a request, escaped, and no other`() throws {
        let escape = { (text: String) in "<\(text)>" }
        let template = try URLTemplate(parsing: "https://t/{ticket}?u={requestor}&h={host}")
        #expect(
            template.url(for: try asked(), escape: escape) == "https://t/<INC-7>?u=<dana>&h=<web-1>"
        )
        #expect(template.url(for: try asked(ticket: nil), escape: escape) == nil)
        #expect(throws: TextError.self) { try URLTemplate(parsing: "https://t/{id}") }
        #expect(throws: TextError.self) { try URLTemplate(parsing: "https://t/{ticket") }
    }
}
