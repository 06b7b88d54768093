import Admission
import Attestation
import Foundation
import Grants
import StrictJSON
import TestSupport
import Testing

/// `jitgate-fleet notify`.
struct NotifyTests {
    private let fleet: FleetHosts

    init() throws {
        fleet = try FleetHosts()
        try FileManager.default.createDirectory(
            atPath: fleet.path("told"),
            withIntermediateDirectories: false
        )
        // Each notice becomes a line of a file, unless the file `broken` is there.
        try fleet.write(
            "#!/bin/sh\n[ ! -e \(fleet.path("broken")) ] || exit 3\ncat >> \(fleet.path("mail"))\n",
            to: "tell"
        )
        _ = try Command.run(["chmod", "700", fleet.path("tell")])
        try configure(signers: "\"ops@*\", \"!ops@old.example.com\"")
        for name in ["web-1", "web-2"] { try open(on: name) }
    }

    private func configure(signers: String) throws {
        try fleet.write(
            "[[notify]]\nsigners = [\(signers)]\ncommand = [\"\(fleet.path("tell"))\", \"x; rm y\"]\n",
            to: "fleet.toml"
        )
    }

    private func open(on name: String, signers: [String] = ["Ops@example.com", "lead"]) throws {
        var host = try ReportingHost(name)
        let now = host.status.instant.time
        let grant = Grant(
            id: try GrantID(parsing: "0b8a2f6e-5c1d-4f0e-9a43-2f1f6f0c7d11"),
            hosts: [.name("web-*")],
            requestor: "dana",
            justification: nil,
            sources: [try Prefix(parsing: "192.0.2.7")],
            ports: [try Port(parsing: "22/tcp")],
            notBefore: nil,
            expires: now + .seconds(3600),
            duration: nil
        )
        let provenance = GrantProvenance(
            grant: grant,
            digest: String(repeating: "d", count: 64),
            signers: signers,
            file: ""
        )
        let open = HostStatus.OpenGrant(provenance, opened: now, deadline: now + .seconds(3600))
        host.status.grants.open = [open]
        try fleet.list(host.line)
        try fleet.report(host)
    }

    private func notify(_ words: String...) throws -> Command.Result {
        try Command.run(
            [
                AgentHost.build + "jitgate-fleet", "notify", "--state", fleet.path("told"),
                "--config", fleet.path("fleet.toml"), "--inventory", fleet.path("hosts"),
                "--depot", fleet.path("depot"),
            ] + words
        )
    }

    private func mail() throws -> [JSONValue] {
        guard let text = FileManager.default.contents(atPath: fleet.path("mail")) else { return [] }
        return try text.split(separator: UInt8(ascii: "\n"))
            .map { try JSONNode.parse(Array($0)).value }
    }

    @Test func `a signer is told once of each grant and host`() throws {
        let first = try notify()
        #expect(first.status == 0, "\(first.errors)")
        #expect(first.errors.contains("no [[notify]] names lead"))
        let mail = try mail()
        #expect(mail.map { $0["host"]?.text } == ["web-1", "web-2"])
        #expect(mail.allSatisfy { $0["signer"] == "Ops@example.com" && $0["requestor"] == "dana" })
        #expect(mail.first?["sources"]?.items == ["192.0.2.7/32"])
        #expect(try notify().status == 0 && self.mail().count == 2)
        try open(on: "web-3")
        #expect(try notify().text.hasPrefix("told  Ops@example.com"))
        #expect(try self.mail().count == 3)
    }

    @Test func `what a program failed to tell is told at the next run`() throws {
        try fleet.write("", to: "broken")
        let failed = try notify("--json")
        #expect(failed.status == 1)
        let notices = try JSONNode.parse(failed.output).value["notices"]?.items ?? []
        #expect(notices.map { $0["result"]?.text } == ["failed", "failed"])
        #expect(notices.first?["reason"]?.text?.hasSuffix("tell ended with 3") == true)
        try FileManager.default.removeItem(atPath: fleet.path("broken"))
        #expect(try notify().status == 0 && mail().count == 2)
    }

    @Test func `a dry run tells nobody, and forgets it`() throws {
        let dry = try notify("--dry-run", "--csv")
        #expect(dry.status == 0 && dry.text.split(separator: "\r\n").count == 3)
        #expect(dry.text.contains(",due,"))
        #expect(try mail().isEmpty)
        #expect(try notify().status == 0 && mail().count == 2)
    }

    @Test func `a status that its host did not sign tells nobody`() throws {
        try fleet.write(ReportingHost("web-2", seed: 9).note(), to: "depot/status/web-2")
        #expect(try notify().status == 0 && mail().count == 1)
    }

    @Test func `a negated pattern leaves a signer out, and mistakes are named`() throws {
        try configure(signers: "\"*\", \"!ops@*\"")
        #expect(try notify().status == 0)
        #expect(try mail().allSatisfy { $0["signer"] == "lead" } && mail().count == 2)
        #expect(try notify("--state", fleet.path("none")).status == 66)
        try fleet.write("[[notify]]\nsigners = []\ncommand = []\n", to: "fleet.toml")
        let wrong = try notify()
        #expect(wrong.status == 78 && wrong.errors.contains("fleet.toml:2:"))
        try fleet.write("", to: "fleet.toml")
        #expect(try notify().errors.contains("no [[notify]] says whom to tell"))
    }
}
