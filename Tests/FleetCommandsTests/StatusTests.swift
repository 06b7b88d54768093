import Admission
import Attestation
import Foundation
import Grants
import StrictJSON
import TestSupport
import Testing

/// `jitgate-fleet status`, `list` and `check`.
struct StatusTests {
    private let fleet: FleetHosts

    init() throws { fleet = try FleetHosts() }

    private func host(_ name: String, _ change: (inout ReportingHost) -> Void = { _ in }) throws {
        var host = try ReportingHost(name)
        change(&host)
        try fleet.list(host.line)
        try fleet.report(host)
    }

    private func states() throws -> [String: String] {
        let result = try fleet.run("status", "--json")
        let hosts = try JSONNode.parse(result.output).value["hosts"]?.items ?? []
        return Dictionary(
            uniqueKeysWithValues: hosts.map {
                ($0["host"]?.text ?? "", $0["state"]?.text ?? "")
            }
        )
    }

    @Test func `every host is in one state, and only its own key speaks for it`() throws {
        try host("web-1")
        try host("web-2")
        try host("web-3") { $0.status.mode = .observe }
        try host("web-4") { $0.status.digests.policy = String(repeating: "c", count: 64) }
        try host("web-5") { $0.status.instant.time = $0.status.instant.time + .seconds(-3600) }
        try host("web-6") { $0.status.trialUntil = $0.status.instant.time + .seconds(60) }
        try host("web-7") { $0.status.instant.time = $0.status.instant.time + .seconds(3600) }
        try fleet.list(ReportingHost("gone").line)
        try fleet.list("new -")
        try fleet.list("old retired")
        try fleet.list(ReportingHost("web-8").line)
        try fleet.write(ReportingHost("web-8", seed: 2).note(), to: "depot/status/web-8")
        try fleet.list(ReportingHost("web-9").line)
        try fleet.write(ReportingHost("web-1").note(), to: "depot/status/web-9")
        try fleet.list("web-10 -")
        try fleet.write(ReportingHost("web-10").note(), to: "depot/status/web-10")
        try fleet.list(ReportingHost("web-11").line)
        try fleet.write("<html>", to: "depot/status/web-11")
        #expect(
            try states() == [
                "web-1": "configured", "web-2": "configured", "web-3": "observing",
                "web-4": "drifted", "web-5": "silent", "web-6": "on-trial", "web-7": "silent",
                "gone": "silent", "new": "not-configured", "old": "retired", "web-8": "unverified",
                "web-9": "unverified", "web-10": "unverified", "web-11": "unverified",
            ]
        )
        let text = try fleet.run("status").text
        #expect(text.hasPrefix("14 hosts: 1 retired, 1 not-configured, 4 unverified, 3 silent,"))
        #expect(text.contains("other than most of its group: policy"))
        let csv = try fleet.run("status", "--csv").text
        #expect(csv.split(separator: "\r\n").count == 15)
        #expect(csv.hasPrefix("host,group,state,healthy,"))
    }

    @Test func `groups have rules of their own`() throws {
        for (name, policy, group) in [("a", "c", "x"), ("b", "c", "x"), ("c", "d", "y")] {
            var host = try ReportingHost(name)
            host.status.digests.policy = String(repeating: policy, count: 64)
            try fleet.list(host.line + " group=\(group)")
            try fleet.report(host)
        }
        #expect(try Set(states().values) == ["configured"])
        #expect(try fleet.run("check").status == 0)
    }

    @Test func `check fails if one host is not as it should be, and says which to a pipeline`()
        throws
    {
        try host("web-1")
        #expect(try fleet.run("check").status == 0)
        try host("web-2") { $0.status.mode = .observe }
        #expect(try fleet.run("check").status == 0)
        #expect(try fleet.run("check", "--enforcing").text.contains("web-2: it only observes"))
        try fleet.list(ReportingHost("web-3").line)
        let result = try fleet.run("check", "--junit", fleet.path("junit.xml"))
        #expect(result.status == 1 && result.text.contains("web-3: silent: there is no status"))
        let script = """
            import sys, xml.etree.ElementTree as tree
            suite = tree.parse(sys.argv[1]).getroot()
            print(suite.get("tests"), suite.get("failures"))
            print([case.get("name") for case in suite if case.find("failure") is not None])
            """
        let read = try Command.run(["python3", "-c", script, fleet.path("junit.xml")])
        #expect(read.text == "3 1\n['web-3']\n", "\(read.errors)")
    }

    @Test func `list shows the open grants of all hosts that may be believed`() throws {
        let grant = Grant(
            id: try GrantID(parsing: "0b8a2f6e-5c1d-4f0e-9a43-2f1f6f0c7d11"),
            hosts: [.name("web-1")],
            requestor: "=cmd|'x'",
            justification: nil,
            sources: [try Prefix(parsing: "192.0.2.7")],
            ports: [try Port(parsing: "22/tcp")],
            notBefore: nil,
            expires: Moment(microseconds: 4_000_000_000_000_000),
            duration: nil
        )
        let provenance = GrantProvenance(
            grant: grant,
            digest: String(repeating: "d", count: 64),
            signers: ["ops@example.com"],
            file: ""
        )
        for (name, seed) in [("web-1", UInt8(1)), ("web-2", 2)] {
            var host = try ReportingHost(name, seed: seed)
            let open = HostStatus.OpenGrant(
                provenance,
                opened: host.status.instant.time,
                deadline: host.status.instant.time + .seconds(3600)
            )
            host.status.grants.open = [open]
            try fleet.list(try ReportingHost(name).line)
            try fleet.report(host)
        }
        let list = try fleet.run("list")
        #expect(list.text.contains("0b8a2f6e-5c1d-4f0e-9a43-2f1f6f0c7d11"))
        #expect(list.text.contains("192.0.2.7") && !list.text.contains("web-2"))
        #expect(list.errors.contains("nothing is known of 1 host"))
        let rows = try JSONNode.parse(fleet.run("list", "--json").output).value.items
        #expect(rows?.count == 1 && rows?.first?["host"] == "web-1")
        #expect(try fleet.run("list", "--csv").text.contains("'=cmd|'x'"))
    }

    @Test func `an inventory that is malformed is told with its line`() throws {
        try fleet.list("web-1 nonsense")
        let result = try fleet.run("status")
        #expect(result.status == 78 && result.errors.contains("line 1: the key"))
    }
}
