import Auditing
import Grants
import Reporting
import Testing

@Suite struct `The model of a time` {
    private func hours(_ hours: Int) -> Moment { Logbook.start + .seconds(hours * 3600) }

    @Test func `tells a grant from its acceptance to its end`() throws {
        var log = Logbook()
        var fields = Logbook.grant("a", signers: ["ops", "lead"])
        log.addGrant(fields, at: 1, ending: nil)
        fields[.peer] = ["203.0.113.7:50432"]
        fields[.missed] = ["2"]
        log.add(.grantUsed, after: 1.5, "Used", fields)
        fields[.reason] = ["revoked"]
        fields[.actor] = ["uid:0"]
        fields[.bytes] = ["1500"]
        log.add(.grantClosed, after: 2, "Closed", fields)
        let timeline = try #require(log.model().openings.first)
        #expect(timeline.requestor == "dana" && timeline.signers == ["ops", "lead"])
        #expect(timeline.accepted == hours(1) && timeline.opened == hours(1))
        #expect(timeline.deadline == hours(3) && timeline.closed == hours(2))
        #expect(timeline.firstUse == hours(1) + .seconds(1800) && timeline.connections == 3)
        #expect(
            timeline.reason == "revoked" && timeline.actor == "uid:0" && timeline.traffic == 1500
        )
        #expect(!timeline.isOwnApproval)
    }

    @Test func `takes what a grant is from the record that carries it`() throws {
        var log = Logbook()
        // The host's key can sign a record of anything.
        var forged = Logbook.grant("a", "eve", signers: ["ceo"])
        forged[.sources] = ["0.0.0.0/0"]
        forged[.ports] = ["3389/tcp"]
        log.add(.modeChanged, after: 0.5, "Changed", forged)
        log.addGrant(Logbook.grant("a"), at: 1, ending: nil)
        log.add(.grantClosed, after: 2, "Closed", forged)
        log.add(.tamperDetected, after: 3, "Changed", Logbook.grant("b"))
        let model = log.model()
        let timeline = try #require(model.openings.first)
        #expect(model.openings.count == 1)
        #expect(timeline.requestor == "dana" && timeline.signers == ["ops@example.com"])
        #expect(timeline.sources == ["203.0.113.7/32"] && timeline.ports == ["22/tcp"])
        // Where retention took that record, the next one tells.
        var pruned = Logbook()
        pruned.add(.grantOpened, after: 1, "Opened", Logbook.grant("a"))
        pruned.add(.grantAccepted, after: 2, "Accepted", forged)
        #expect(pruned.model().openings.first?.signers == ["ceo"])
    }

    @Test func `knows what was open when the time began, and leaves out what was not`() {
        var log = Logbook()
        log.addGrant(Logbook.grant("before"), at: 1)
        log.addGrant(Logbook.grant("across"), at: 9)
        log.addGrant(Logbook.grant("within"), at: 12, ending: nil)
        log.addGrant(Logbook.grant("after"), at: 20)
        log.add(.grantAccepted, after: 13, "Accepted", Logbook.grant("never opened"))
        let model = log.model(of: Period(start: hours(10), end: hours(15)))
        #expect(model.openings.map(\.id) == ["across", "within"])
        #expect(model.openings.last?.closed == nil)
        #expect(model.count == 4)
        // A copy of a log tells nothing of the time since.
        #expect(model.latest == hours(13))
        #expect(Logbook.html(of: model).contains("<code>2026-11-01 13:00:00 UTC</code>"))
    }

    @Test func `counts a connection for each grant that let it in`() throws {
        var log = Logbook()
        let grants = [Logbook.grant("a", "dana"), Logbook.grant("b", "eve")]
        for fields in grants { log.addGrant(fields, at: 1, ending: nil) }
        let used: [AuditField: [String]] = [
            .grant: ["a", "b"], .requestor: ["dana", "eve"], .ports: ["22/tcp"],
        ]
        log.add(.grantUsed, after: 1.5, "Used", used)
        let openings = log.model().openings.sorted { $0.id < $1.id }
        #expect(openings.map(\.firstUse) == [hours(1), hours(1)].map { $0 + .seconds(1800) })
        #expect(openings.map(\.connections) == [1, 1])
        #expect(openings.map(\.requestor) == ["dana", "eve"])
    }

    @Test func `takes a deadline for the end where nobody was there to record it`() {
        var log = Logbook()
        log.addGrant(Logbook.grant("a"), at: 1, ending: nil)
        #expect(log.model().openings.map(\.end) == [hours(3)])
        let later = Period(start: hours(4), end: hours(15))
        #expect(log.model(of: later).openings.isEmpty)
        let html = log.html()
        #expect(html.contains("its deadline; no record of its end"))
        #expect(!html.contains("still open</title>"))
    }

    @Test(arguments: [Int64.min, -1, 0, .max])
    func `takes any time and any count for what it is`(microseconds: Int64) {
        let moment = Moment(microseconds: microseconds)
        let all = Period(start: Moment(microseconds: .min), end: Moment(microseconds: .max))
        var log = Logbook()
        var fields = Logbook.grant("a")
        fields[.deadline] = [moment.description]
        for field in [AuditField.missed, .connections, .bytes] { fields[field] = ["\(Int64.max)"] }
        fields[.peer] = ["192.0.2.1:1"]
        let events: [AuditEvent] = [
            .grantAccepted, .grantOpened, .grantUsed, .grantUsed, .attemptDenied, .attemptDenied,
        ]
        for event in events {
            log.add(event, at: Logbook.start, "Now", fields)
            log.add(event, at: moment, "Then", fields)
        }
        log.addGrant(Logbook.grant("b"), at: 1)
        let epoch = Period(start: Moment(microseconds: 0), end: all.end)
        for period in [all, epoch, Period(start: moment, end: all.end), Logbook.period] {
            #expect(Logbook.html(of: log.model(of: period)).hasSuffix("</html>\n"))
        }
    }

    @Test func `names who approved many grants alone once`() {
        var log = Logbook()
        for number in 0..<40 {
            log.addGrant(Logbook.grant("\(number)", signers: ["dana"]), at: Double(number))
        }
        log.addGrant(Logbook.grant("x", "eve", signers: ["eve"]), at: 7)
        #expect(
            log.model().exceptions.filter { $0.kind == .ownApproval }.map(\.text) == [
                "dana alone approved 40 own grants, the last opened 2026-11-02 15:00:00",
                "eve alone approved grant x",
            ]
        )
    }

    @Test func `counts attempts by source, whether they were denied or only watched`() throws {
        var log = Logbook()
        log.add(.policyLoaded, after: 0, "Loaded", [.mode: ["observe"]])
        log.add(
            .attemptDenied,
            after: 1,
            "Denied",
            [.peer: ["198.51.100.3:1"], .ports: ["22/tcp"]]
        )
        log.add(.modeChanged, after: 2, "Enforce", [.mode: ["enforce"]])
        log.add(.attemptDenied, after: 3, "Denied", [.peer: ["[2001:db8::1]:1"], .missed: ["9"]])
        log.add(
            .attemptDenied,
            after: 4,
            "Denied",
            [.peer: ["198.51.100.3:2"], .ports: ["22/udp"]]
        )
        let sources = log.model().deniedSources
        #expect(sources.map(\.address) == ["2001:db8::1", "198.51.100.3"])
        #expect(sources.map(\.attempts) == [10, 2])
        #expect(sources.map(\.passed) == [false, true])
        #expect(sources.last?.ports == ["22/tcp", "22/udp"])
        #expect(sources.last?.first == hours(1) && sources.last?.last == hours(4))
    }

    @Test func `counts attempts that have no record of their own where they came from`() {
        var log = Logbook()
        log.add(.policyLoaded, after: 0, "Loaded", [.mode: ["enforce"]])
        let missed: [AuditField: [String]] = [
            .missed: ["9"], .missedSources: ["198.51.100.3 5", "2001:db8::1 1"],
        ]
        let peer: [AuditField: [String]] = [.peer: ["203.0.113.7:1"]]
        log.add(.attemptDenied, after: 1, "Denied", peer.merging(missed) { $1 })
        log.add(.attemptsSummary, after: 2, "Denied", missed.merging([.ports: ["22/tcp"]]) { $1 })
        let unproved = missed.merging([.grant: ["a"], .reason: ["unproved"]]) { $1 }
        log.add(.attemptsSummary, after: 3, "Unproved", unproved)
        let lies: [AuditField: [String]] = [.missed: ["1"], .missedSources: ["192.0.2.1 99", "x"]]
        log.add(.attemptsSummary, after: 4, "Denied", lies)
        let sources = log.model().deniedSources
        #expect(
            sources.map(\.address) == ["198.51.100.3", "others", "2001:db8::1", "203.0.113.7"]
        )
        #expect(sources.map(\.attempts) == [10, 7, 2, 1])
    }

    @Test func `sums what has no record of its own, by kind`() {
        var log = Logbook()
        let add = { (log: inout Logbook, event: AuditEvent, fields: [AuditField: [String]]) in
            log.add(event, after: 1, "It happened", fields)
        }
        add(&log, .grantRefused, [.file: ["/a"], .reason: ["stranger: no"]])
        add(&log, .grantRefused, [.file: ["/b"], .reason: ["too-many: no"], .missed: ["19000"]])
        add(&log, .grantUsed, Logbook.grant("a").merging([.missed: ["3"]]) { $1 })
        add(&log, .attemptDenied, [.peer: ["198.51.100.3:1"], .missed: ["4"]])
        add(&log, .attemptsSummary, [.reason: ["denied"], .missed: ["5"]])
        add(&log, .attemptsSummary, [.reason: ["unproved"], .grant: ["a"], .missed: ["6"]])
        add(&log, .attemptsSummary, [.reason: ["lost"], .missed: ["7"]])
        let model = log.model()
        #expect(model.refusals.map(\.count) == [1, 19_000])
        let left = model.leftOut
        #expect(left.refusedFiles == 19_000 && left.denied == 9 && left.uses == 3)
        #expect(left.unproved == 6 && left.lost == 7)
        // What may have been used is not counted as denied.
        #expect(model.deniedSources.map(\.attempts).reduce(0, +) == 10)
        let html = log.html()
        #expect(html.contains("<dd class=\"value\">19001</dd>"))
        #expect(html.contains("19000 refused files, 9 denied packets, 3 connections under grants"))
    }

    @Test func `is of the whole log where no beginning is named`() {
        var log = Logbook()
        log.add(.agentStarted, after: 5)
        log.add(.agentStopped, after: 9)
        var whole = ReportModel(until: hours(8))
        for record in log.records { whole.take(record) }
        whole.finish(at: hours(20))
        #expect(whole.count == 1)
        #expect(whole.period == Period(start: hours(5), end: hours(8)))
        var none = ReportModel(until: hours(1))
        none.finish(at: hours(20))
        #expect(none.period == Period(start: hours(0), end: hours(1)))
    }

    @Test func `finds what an auditor should look at`() {
        var log = Logbook()
        log.add(.policyLoaded, after: 0, "Loaded", [.mode: ["observe"], .policyDigest: ["1"]])
        log.add(.agentStarted, after: 0, "Runs")
        log.add(.modeChanged, after: 5, "Enforce", [.mode: ["enforce"]])
        log.add(.tamperDetected, after: 6, "Somebody removed a rule")
        log.add(.clockStepped, after: 7, "Set forward")
        log.addGrant(Logbook.grant("own", signers: ["dana"]), at: 8)
        log.add(.agentStopped, after: 20, "Stops")
        log.add(.policyLoaded, after: 22, "Loaded", [.mode: ["enforce"], .policyDigest: ["2"]])
        log.add(.agentStarted, after: 22, "Runs")
        log.add(.clockStepped, after: 30, "The last before the crash")
        log.add(.policyLoaded, after: 31, "Loaded", [.mode: ["enforce"], .policyDigest: ["2"]])
        log.add(.agentStarted, after: 31, "Runs")
        let exceptions = log.model().exceptions
        let expected: [(AuditFinding.Kind, Int, Int?)] = [
            (.observed, 0, 5), (.tampered, 6, nil), (.clockStepped, 7, nil),
            (.ownApproval, 8, nil), (.agentDown, 20, 22), (.policyChanged, 22, nil),
            (.agentDown, 30, 31), (.clockStepped, 30, nil),
        ]
        #expect(exceptions.count == expected.count)
        for (kind, start, end) in expected {
            let found = exceptions.contains {
                $0.kind == kind && $0.start == hours(start) && $0.end == end.map(hours)
            }
            #expect(found, "\(kind) from \(start)")
        }
    }

    @Test func `sees that the agent is down, or watching, until the end`() {
        var log = Logbook()
        log.add(.policyLoaded, after: 0, "Loaded", [.mode: ["observe"]])
        log.add(.agentStarted, after: 0, "Runs")
        log.add(.agentStopped, after: 1, "Stops")
        let ends = log.model().exceptions.map(\.end)
        #expect(ends == [Logbook.period.end, Logbook.period.end])
    }

    @Test func `tells which networks were trusted and when, by the policies in force then`() {
        var log = Logbook()
        log.policies["1"] = ReportedPolicy(mode: "enforce", trusted: ["A", "B"])
        log.policies["2"] = ReportedPolicy(mode: "enforce", trusted: ["B", "C"])
        log.policies["trial"] = ReportedPolicy(mode: "observe", trusted: ["D"])
        log.policies["later"] = .some(nil)
        func load(_ name: String, _ hour: Double, _ fields: [AuditField: [String]] = [:]) {
            let own: [AuditField: [String]] = [.policyDigest: [name], .mode: ["enforce"]]
            log.add(.policyLoaded, after: hour, "Loaded", own.merging(fields) { $1 })
        }
        load("1", 0)
        load("2", 10)
        load("2", 12)
        // Allowed signers say nothing of the policy.
        log.add(.policyLoaded, after: 13, "Allowed signers loaded")
        // The agent dies on the trial, and the kernel ends it.
        load(
            "trial",
            20,
            [.mode: ["observe"], .deadline: [hours(21).description], .fallback: ["2"]]
        )
        load("2", 30)
        load("later", 40)
        func spans(_ kind: AuditFinding.Kind, in period: Period = Logbook.period) -> Set<String> {
            Set(
                log.model(of: period).exceptions.filter { $0.kind == kind }.map { exception in
                    let hour = { (moment: Moment?) in
                        moment.map { "\(Int(($0 - Logbook.start) / .seconds(3600)))" } ?? ""
                    }
                    let what = exception.text.prefix { $0 != " " }
                    return "\(what) \(hour(exception.start))-\(hour(exception.end))"
                }
            )
        }
        #expect(
            spans(.trusted) == [
                "A 0-10", "B 0-20", "C 10-20", "D 20-21", "B 21-40", "C 21-40", "No 40-720",
            ]
        )
        #expect(spans(.observed) == ["Nothing 20-21"])
        // What is trusted when a time begins was so before.
        let period = Period(start: hours(14), end: hours(16))
        #expect(spans(.trusted, in: period) == ["B 0-16", "C 10-16"])
    }

    @Test func `does not pretend to know what was trusted before its first record`() {
        var log = Logbook()
        log.add(.clockStepped, after: 0, "Set")
        log.add(.clockStepped, after: 1, "Set")
        log.add(.policyLoaded, after: 2, "Loaded", [.policyDigest: ["1"], .mode: ["enforce"]])
        #expect(!log.model().exceptions.contains { $0.kind == .trusted })
        // Record 0 was removed by retention.
        var model = ReportModel(of: Logbook.period)
        for record in log.records.dropFirst() {
            model.take(record, policy: ReportedPolicy(mode: "enforce", trusted: []))
        }
        model.finish(at: Logbook.period.end)
        let unknown = model.exceptions.filter { $0.kind == .trusted }
        #expect(unknown.map(\.start) == [hours(1)] && unknown.map(\.end) == [hours(2)])
    }
}
