import Conditions
import Foundation
import Grants
import StrictJSON
import Testing

@Suite struct `A condition` {
    @Test func `is worded for every code`() {
        #expect(Set(Examples.all.map(\.code)) == Set(ConditionCode.allCases.map(\.rawValue)))
    }

    @Test(arguments: Examples.all)
    func `says in one line what is wrong, with what, and what to do`(condition: Condition) throws {
        let code = try #require(ConditionCode(rawValue: condition.code))
        #expect(condition.severity == code.severity && condition.area == code.area.rawValue)
        for text in [condition.subject, condition.message, condition.remedy ?? "-"] {
            #expect(!text.isEmpty && !text.contains("\n") && !text.hasSuffix("."))
        }
        #expect(condition.severity < .error || condition.remedy != nil)
    }

    @Test(arguments: Examples.all)
    func `crosses the wire`(condition: Condition) throws {
        #expect(Condition(condition.jsonValue) == condition)
        let dated = condition.since(Moment(microseconds: 1_800_000_000_123_456))
        #expect(Condition(dated.jsonValue) == dated)
        #expect(dated.jsonValue["since"]?.text == "2027-01-15T08:00:00.123456Z")
    }

    @Test(arguments: ["code", "severity", "subject", "message"])
    func `is refused without a member`(name: String) {
        guard case .object(let members) = Examples.all[0].jsonValue else { return }
        #expect(Condition(.object(members.filter { $0.name != name })) == nil)
        let replaced = members.map { $0.name == name ? JSONValue.Member(name, 1) : $0 }
        #expect(Condition(.object(replaced)) == nil)
    }

    @Test(arguments: [JSONValue.string("yesterday"), 12, true])
    func `is refused with a time that is none`(since: JSONValue) {
        guard case .object(let members) = Examples.all[0].jsonValue else { return }
        let replaced = members.map { $0.name == "since" ? JSONValue.Member("since", since) : $0 }
        #expect(Condition(.object(replaced)) == nil)
    }

    @Test func `of another version is kept as it is`() throws {
        let json: JSONValue = [
            "code": "from-the-future", "severity": "warning", "subject": "s", "message": "m",
        ]
        let condition = try #require(Condition(json))
        #expect(condition.code == "from-the-future" && condition.remedy == nil)
        #expect(condition.area == "agent")
    }

    @Test func `of held time says how far, and matters from a minute on`() {
        let held = AgentConditions.clockHeld(seconds: 7200, sinceRecord: 40)
        #expect(held.code == "clock-held")
        let text = "time is held 2 hours ahead of the wall clock since record 40: "
        #expect(held.message.hasPrefix(text))
        #expect(held.remedy?.contains("jitgate clock accept") == true)
        #expect(AgentConditions.clockHeld(seconds: 59, sinceRecord: nil).code == "clock-ahead")
        #expect(
            AgentConditions.clockHeld(seconds: 5 * 86_400, sinceRecord: nil).message
                .hasPrefix("time is held 5 days ahead of the wall clock: ")
        )
    }

    @Test func `is healthy unless one is an error`() {
        #expect([Condition]().areHealthy)
        #expect([PolicyConditions.noWayBack("/p"), PolicyConditions.observing("/p")].areHealthy)
        #expect(![PolicyConditions.noWayBack("/p"), Examples.all[0]].areHealthy)
    }
}

@Suite struct `A list of conditions` {
    private func moment(_ seconds: Int64) -> Moment {
        Moment(microseconds: 1_800_000_000_000_000 + seconds * 1_000_000)
    }

    @Test func `keeps when each arose, however it is worded since`() {
        var list = ConditionList()
        #expect(list.isHealthy)
        let first = AuditConditions.logFull("/l", because: "no space left")
        let other = AuditConditions.logFull("/l", because: "read-only")
        let steps: [(found: [Condition], isChange: Bool, all: [Condition])] = [
            ([first], true, [first.since(moment(0))]), ([first], false, [first.since(moment(0))]),
            ([other], true, [other.since(moment(0))]), ([], true, []), ([], false, []),
            ([first], true, [first.since(moment(5))]),
        ]
        for (number, step) in steps.enumerated() {
            let isChange = list.set(.logFull, step.found, at: moment(Int64(number)))
            #expect(isChange == step.isChange && list.all == step.all)
            #expect(list.isHealthy == step.all.isEmpty)
        }
    }

    @Test func `tells conditions of one code apart by their subject`() {
        var list = ConditionList()
        let paths = ["/a", "/b", "/c"].map { FileConditions.dropUnreadable($0) }
        _ = list.set(.dropUnreadable, [paths[0], paths[1]], at: moment(1))
        _ = list.set(.dropUnreadable, [paths[1], paths[2]], at: moment(2))
        #expect(list.all == [paths[1].since(moment(1)), paths[2].since(moment(2))])
    }

    @Test func `has the gravest first`() {
        var list = ConditionList()
        _ = list.set(.tableNotOwned, [GateConditions.tableNotOwned("watched")], at: moment(1))
        _ = list.set(.noWayBack, [PolicyConditions.noWayBack("/p")], at: moment(1))
        _ = list.set(.dropUnreadable, [FileConditions.dropUnreadable("/d")], at: moment(1))
        _ = list.set(.logFull, [AuditConditions.logFull("/l", because: "no")], at: moment(1))
        let codes = list.all.map(\.code)
        #expect(codes == ["log-full", "drop-unreadable", "no-way-back", "table-not-owned"])
    }
}

/// docs/CONDITIONS.md, which explains each code.
@Suite struct `The page of conditions` {
    /// The cells of each row of a table whose first cell is a code.
    private let rows: [[String]]

    init() throws {
        let page = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("../../docs/CONDITIONS.md")
        rows = try String(contentsOf: page, encoding: .utf8).split(separator: "\n")
            .filter { $0.hasPrefix("| `") }
            .map { line in
                line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
            }
    }

    @Test func `has a row for each code, and no other`() {
        let codes = rows.compactMap(\.first).map { $0.replacing("`", with: "") }
        #expect(codes.sorted() == ConditionCode.allCases.map(\.rawValue).sorted())
    }

    @Test(arguments: ConditionCode.allCases)
    func `says how grave it is, what it means and what to do`(code: ConditionCode) throws {
        let row = try #require(rows.first { $0[0] == "`\(code.rawValue)`" })
        #expect(row.count == 4 && row[1] == code.severity.rawValue)
        #expect(row.dropFirst(2).allSatisfy { $0.count > 10 })
    }
}
