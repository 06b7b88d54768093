import Auditing
import Foundation
import Grants
import Reporting
import TestSupport
import Testing

@Suite struct `A report on a fleet` {
    private func model(sample: Int = 0, seed: String = "") -> FleetReportModel {
        FleetReportModel(
            since: Logbook.period.start,
            until: Logbook.period.end,
            longest: .seconds(8 * 3600),
            sample: OpeningSample(size: sample, seed: seed)
        )
    }

    private func host(_ name: String, _ state: String = "configured") -> ReportedHost {
        ReportedHost(name, group: "web", state: state, reason: "")
    }

    private func add(
        _ log: Logbook,
        of host: ReportedHost,
        as outcome: ReportedLog.Outcome = .verified,
        to model: inout FleetReportModel
    ) {
        var records = model.host(host.name)
        for record in log.records {
            let policy = record.entry[.policyDigest].flatMap { log.policies[$0] ?? nil }
            records.take(record, policy: policy, fallback: nil)
        }
        records.finish(at: Logbook.period.end)
        model.add(host, ReportedLog(outcome, "as it is"), records)
    }

    private func html(_ model: FleetReportModel, strangers: [String] = []) -> String {
        let context = FleetReport.Context(
            made: Logbook.period.end,
            logs: "/logs",
            witness: "/witness",
            strangers: strangers,
            signers: (["ops@example.com ssh-ed25519 AAAA"], "f00d")
        )
        return String(decoding: FleetReport(model, context).html(), as: UTF8.self)
    }

    /// Four grants, a day apart: used, never used, long, and let in on an alarm.
    private func log() -> Logbook {
        var log = Logbook()
        log.policies["h"] = ReportedPolicy(mode: "enforce", trusted: ["10.20.0.0/24"])
        log.add(.policyLoaded, after: 0, "Loaded", [.policyDigest: ["h"]])
        var used = Logbook.grant("used")
        used[.allowedSigners] = ["ops@example.com ssh-ed25519 BBBB"]
        used[.evidence] = ["{}\n-----BEGIN SSH SIGNATURE-----\n"]
        log.addGrant(used, at: 1)
        log.add(.grantUsed, after: 1.5, "Used", Logbook.grant("used"))
        log.addGrant(Logbook.grant("unused"), at: 24)
        log.addGrant(Logbook.grant("long"), at: 48, for: 10)
        var alarm = Logbook.grant("alarm")
        alarm[.breakGlass] = ["oncall-*"]
        log.add(.grantAccepted, after: 72, "Accepted", alarm)
        log.add(.breakGlassOpened, after: 72, "Alarm", alarm)
        log.add(.grantRefused, after: 73, "No", [.file: ["/x"], .reason: ["expired: it is over"]])
        log.add(.attemptDenied, after: 74, "Denied", [.peer: ["198.51.100.3:1"]])
        log.add(.tamperDetected, after: 75, "The table was flushed")
        return log
    }

    @Test func `counts and lists what an auditor asks for, by host`() throws {
        var model = model(sample: 2, seed: "s")
        var forked = host("web-1")
        forked.forks = [
            ReportedFork(
                "root",
                seen: Logbook.start,
                accepted: Logbook.start,
                reason: "restored, CHG-77"
            )
        ]
        add(log(), of: forked, to: &model)
        add(log(), of: host("web-2"), to: &model)
        model.add(host("gone", "silent"), ReportedLog(.absent, "there is no folder"), nil)
        let row = try #require(model.rows.first)
        #expect(row.openings == 3 && row.used == 1 && row.dormant == 2 && row.long == 1)
        #expect(row.alarms == 1 && row.unreviewed == 1 && row.refused == 1 && row.denied == 1)
        let html = html(model, strangers: ["stray"])
        for text in [
            "2 of 3 logs verified", "there is no folder", "restored, CHG-77", "10.20.0.0/24",
            "not reviewed", "The table was flushed", "stray", "ops@example.com ssh-ed25519 BBBB",
            "2 of 6 openings, drawn by the seed",
        ] {
            #expect(html.contains(text), "\(text)")
        }
        // Of one address on both hosts.
        #expect(
            html.contains("<code>198.51.100.3</code></th><td class=\"n\">2</td><td class=\"n\">2")
        )
    }

    @Test func `draws the same sample from the same records, in whatever order`() throws {
        func sample(_ hosts: [String], _ seed: String) -> String {
            var model = model(sample: 3, seed: seed)
            for name in hosts { add(log(), of: host(name), to: &model) }
            let html = html(model)
            return String(html.split(separator: "id=\"sample\"").last ?? "")
                .split(separator: "<h2").first.map { _ in
                    html.components(separatedBy: "<h3>").filter { $0.contains(", grant ") }
                        .map { $0.components(separatedBy: "</h3>")[0] }.joined(separator: "|")
                } ?? ""
        }
        let hosts = (1...9).map { "web-\($0)" }
        let first = sample(hosts, "audit 7")
        #expect(first.split(separator: "|").count == 3)
        #expect(sample(hosts.reversed(), "audit 7") == first)
        #expect(sample(hosts, "audit 8") != first)
        // The rank is what sha256sum says.
        let ranks = try hosts.flatMap { host in
            try ["used", "unused", "long"].map { grant in
                let text = "audit 7\n\(host)\n\(grant)\n"
                let sum = try Command.run(["sha256sum"], input: Array(text.utf8)).text
                return (String(sum.prefix(64)), "\(host), grant \(grant)")
            }
        }
        let lowest = ranks.sorted { $0.0 < $1.0 }.prefix(3).enumerated()
        #expect(lowest.map { "\($0 + 1). \($1.1)" }.joined(separator: "|") == first)
    }

    @Test func `says how many openings it does not list`() {
        var model = model()
        for host in 0..<3 {
            var log = Logbook()
            for number in 0..<2_000 {
                log.addGrant(Logbook.grant("\(host) \(number)"), at: Double(number) / 10)
            }
            add(log, of: self.host("web-\(host)"), to: &model)
        }
        let html = html(model)
        #expect(html.contains("The latest 5000 of 6000; the others are counted alone."))
        #expect(html.contains("The latest 1000 of 6000"))
        #expect(!html.contains("<code>0 10</code>") && html.contains("<code>2 1999</code>"))
        #expect(html.utf8.count < 14_000_000)
    }

    @Test func `of ten thousand hosts stays a page that a browser opens`() throws {
        var model = model()
        for number in 0..<10_000 {
            let outcome: ReportedLog.Outcome = number % 100 == 0 ? .behind : .verified
            add(Logbook(), of: host("web-\(number)"), as: outcome, to: &model)
        }
        let html = html(model)
        #expect(html.contains("9900 of 10000 logs verified"))
        #expect(html.utf8.count < 8_000_000)
        #expect(try Browser().load(html).text.contains("web-9999"))
    }

    @Test func `shows hostile text as text, loads nothing and runs nothing`() throws {
        let bad = "<script>document.title='taken'</script>\"><img src=http://127.0.0.1:8000/x>"
        var log = Logbook()
        var fields = Logbook.grant(bad, bad, signers: [bad])
        for field in [AuditField.justification, .ticket, .sources, .ports, .file, .evidence] + [
            .allowedSigners, .breakGlass,
        ] {
            fields[field] = [bad]
        }
        log.addGrant(fields, at: 1, ending: bad)
        log.add(.breakGlassOpened, after: 1, bad, fields)
        log.add(.grantRefused, after: 2, bad, [.file: [bad], .reason: [bad]])
        log.add(.attemptDenied, after: 2, bad, [.peer: [bad], .ports: [bad]])
        var model = model(sample: 1, seed: bad)
        var host = ReportedHost(bad, group: bad, state: bad, reason: bad)
        host.trusted = [bad]
        host.signers = bad
        host.forks = [ReportedFork(bad, seen: Logbook.start, accepted: nil, reason: bad)]
        add(log, of: host, to: &model)
        model.add(host, ReportedLog(.failed, bad), nil)
        let page = try Browser().load(html(model, strangers: [bad]))
        #expect(page.requests == 0 && !page.document.contains("<title>taken"))
        #expect(!page.elements.contains { ["script", "img", "link"].contains($0.name) })
        let tables = page.elements.count { $0.name == "table" }
        #expect(page.elements.count { $0.name == "caption" } == tables)
        #expect(page.elements.count { $0.name == "h2" } == 9)
    }

    @Test(arguments: [(false, 1250), (true, 1250), (false, 390)])
    func `is drawn, light and dark, wide and narrow`(dark: Bool, width: Int) throws {
        var model = model(sample: 2, seed: "s")
        add(log(), of: host("web-1"), to: &model)
        add(log(), of: host("db-1.example.com", "drifted"), as: .behind, to: &model)
        add(log(), of: host("mail-1", "forked"), as: .failed, to: &model)
        let folder = ProcessInfo.processInfo.environment["JITGATE_PICTURES"]
        let picture = try Browser().picture(
            html(model, strangers: ["stray"]),
            dark: dark,
            width: width,
            height: folder == nil ? 1600 : 6000
        )
        #expect(picture.prefix(4) == Data([0x89, 0x50, 0x4E, 0x47]))
        if let folder {
            let name = "fleet-report-\(width)-\(dark ? "dark" : "light").png"
            try picture.write(to: URL(filePath: folder).appending(path: name))
        }
    }
}
