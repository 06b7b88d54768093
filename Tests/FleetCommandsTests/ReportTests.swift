import Auditing
import Foundation
import StrictJSON
import TestSupport
import Testing

/// `jitgate-fleet report`.
struct ReportTests {
    private let fleet: FleetHosts
    private let approver: SSHKey

    init() throws {
        fleet = try FleetHosts()
        approver = try SSHKey()
    }

    private func host(_ name: String) throws -> CollectedHost {
        let host = try CollectedHost(name, in: fleet)
        try host.addGrant(UUID(), by: approver)
        try fleet.list(host.line)
        return host
    }

    private func report(_ words: String...) throws -> Command.Result {
        try Command.run(
            [AgentHost.build + "jitgate-fleet", "report", "-o", fleet.path("report.html")] + words
                + [
                    "--inventory", fleet.path("hosts"), "--depot", fleet.path("depot"), "--witness",
                    fleet.path("witness"), "--logs", fleet.path("logs"),
                ],
            environment: ["HOME": fleet.folder.path]
        )
    }

    private func html() throws -> String {
        try String(contentsOfFile: fleet.path("report.html"), encoding: .utf8)
    }

    /// The openings of the sample, each from its title to its end.
    private func samples() throws -> [String] {
        try html().components(separatedBy: "<h3>").filter { $0.contains(", grant ") }
            .map { $0.components(separatedBy: "</section>")[0] }
    }

    private func logs(_ result: Command.Result) throws -> [String: String] {
        let hosts = try JSONNode.parse(result.output).value["hosts"]?.items ?? []
        return Dictionary(
            uniqueKeysWithValues: hosts.map { ($0["host"]?.text ?? "", $0["log"]?.text ?? "") }
        )
    }

    @Test func `each log is verified against the witness, or named with the reason`() throws {
        let hosts = try ["good", "edited", "cut", "rewritten", "gone", "unseen"].map(host)
        let manager = FileManager.default
        try manager.copyItem(atPath: fleet.path("logs/cut"), toPath: fleet.path("cut"))
        try hosts[2].addGrant(UUID(), by: approver)
        for host in hosts.dropLast() { try host.report() }
        try fleet.list("old retired")
        try fleet.list("new -")
        #expect(try fleet.run("collect", witnessed: true).status == 0)
        try hosts[0].addGrant(UUID(), by: approver)
        for name in ["cut", "rewritten", "gone"] {
            try manager.removeItem(atPath: fleet.path("logs/\(name)"))
        }
        try manager.moveItem(atPath: fleet.path("cut"), toPath: fleet.path("logs/cut"))
        // Its host has signed it, and it is another one.
        let other = try CollectedHost(
            "rewritten",
            in: fleet,
            folder: "others",
            key: hosts[3].keyFile
        )
        for _ in 0..<3 { try other.addGrant(UUID(), by: approver) }
        try manager.moveItem(
            atPath: fleet.path("others/rewritten"),
            toPath: fleet.path("logs/rewritten")
        )
        let log = fleet.path("logs/edited/audit.jsonl")
        let text = try String(contentsOfFile: log, encoding: .utf8)
        try text.replacing("disk full", with: "disk fill").write(
            toFile: log,
            atomically: true,
            encoding: .utf8
        )
        try manager.createDirectory(
            atPath: fleet.path("logs/stray"),
            withIntermediateDirectories: false
        )
        let result = try report("--json")
        #expect(result.status == 1, "\(result.errors)")
        #expect(
            try logs(result) == [
                "good": "verified", "edited": "failed", "cut": "behind", "rewritten": "failed",
                "gone": "absent", "unseen": "unwitnessed", "old": "unexpected", "new": "unexpected",
            ]
        )
        let html = try html()
        for text in [
            "1 of 6 logs verified", "records are not those that the witness has seen",
            "it has 5 records, and the witness saw 9", "Logs of hosts that the inventory does not",
            "stray", "there is no folder \(fleet.path("logs/gone"))",
        ] {
            #expect(html.contains(text), "\(text)")
        }
        let people = try report()
        #expect(people.text.contains("NO  cut: behind: it has 5 records"))
        #expect(people.errors.contains("8 hosts, 1 of 6 logs verified"))
        let csv = try report("--csv").text.split(separator: "\r\n")
        #expect(csv.count == 9 && csv[0].hasPrefix("host,group,state,log,reason,log_size,records"))
        let mode = try manager.attributesOfItem(atPath: fleet.path("report.html"))
        #expect(mode[.posixPermissions] as? Int == 0o600)
    }

    @Test func `a sample carries the signed files, and is drawn again by its seed`() throws {
        for name in ["web-1", "web-2"] {
            let host = try host(name)
            try host.addGrant(UUID(), by: approver, used: false)
            try host.report()
        }
        #expect(try fleet.run("collect", witnessed: true).status == 0)
        let sample = ["--sample", "2", "--seed", "audit 7"]
        let first = try report(sample[0], sample[1], sample[2], sample[3])
        #expect(first.status == 0, "\(first.text)\(first.errors)")
        let titles = try samples()
        #expect(titles.count == 2)
        #expect(titles.allSatisfy { $0.contains("-----BEGIN SSH SIGNATURE-----") })
        #expect(
            titles.allSatisfy { $0.contains("accepted 1, opened 2") || $0.contains("opened 6") }
        )
        #expect(titles.allSatisfy { $0.contains("ops@example.com ssh-ed25519") })
        _ = try report(sample[0], sample[1], sample[2], sample[3])
        #expect(try samples() == titles)
        #expect(try html().contains("10.20.0.0/24"))
    }

    @Test func `what is asked for wrongly is told with what to do`() throws {
        try fleet.list("new -")
        try FileManager.default.createDirectory(
            atPath: fleet.path("logs"),
            withIntermediateDirectories: false
        )
        #expect(try report("--sample", "2").errors.contains("--sample and --seed belong together"))
        #expect(try report("--since", "today", "--until", "yesterday").status == 2)
        #expect(try report("--long-after", "soon").status == 2)
        #expect(try fleet.run("report", "-o", "-", "--json").status == 2)
        let missing = try fleet.run("report", "-o", fleet.path("r"), "--logs", fleet.path("none"))
        #expect(missing.status == 66 && missing.errors.contains("none: there is no such directory"))
        #expect(try report().status == 0)
    }

    @Test func `the log of a real agent is verified as it lies there`() throws {
        let host = try AgentHost(signers: "")
        try host.start()
        let id = UUID()
        try host.submit(host.grant(id: id), as: "g.grant")
        try eventually { try host.records("grant-opened").count == 1 }
        let key = try host.jitgate("audit", "key").text.split(separator: "\n")[0]
        try fleet.list("web-1 \(key)")
        try fleet.write(host.jitgate("attest").text, to: "depot/status/web-1")
        #expect(try fleet.run("collect", witnessed: true).status == 0)
        host.stop()
        try FileManager.default.createDirectory(
            atPath: fleet.path("logs"),
            withIntermediateDirectories: false
        )
        let folder = fleet.path("logs/web-1")
        try FileManager.default.copyItem(atPath: host.auditDirectory, toPath: folder)
        try FileManager.default.copyItem(
            atPath: host.path + "/state/evidence",
            toPath: folder + "/evidence"
        )
        let result = try report("--sample", "1", "--seed", "1", "--json")
        #expect(result.status == 0, "\(result.text)\(result.errors)")
        #expect(try logs(result) == ["web-1": "verified"])
        #expect(try html().contains(id.uuidString.lowercased()))
        #expect(try html().contains("observe mode") == false)
    }
}
