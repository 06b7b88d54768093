import CommandSupport
import Commands
import Grants
import StrictJSON
import TestSupport
import Testing

@Suite struct `jitgate request` {
    private func grant(_ bench: Bench) throws -> Grant {
        try Grant(parsing: bench.read("g.json"))
    }

    @Test func `writes a grant that counts from its first opening`() throws {
        let bench = try Bench()
        #expect(bench.request().status == .done)
        let grant = try grant(bench)
        #expect(grant.requestor == "dana")
        #expect(grant.justification == "disk full")
        #expect(grant.sources.map(\.description) == ["203.0.113.7/32"])
        #expect(grant.ports.map(\.description) == ["22/tcp"])
        #expect(grant.hosts.map(\.description) == ["web-1"])
        #expect(grant.duration == .seconds(7200))
        #expect(grant.expires == Bench.now + .seconds(3 * 3600))
        #expect(grant.notBefore == nil)
    }

    @Test func `writes a ticket and labels, which a signer sees`() throws {
        let bench = try Bench()
        let words = [
            "request", "--host", "label:role=db,env=prod", "--port", "22/tcp", "--source",
            "203.0.113.7", "--reason", "disk full", "--for", "2h", "-o", "@g.json", "--ticket",
        ]
        #expect(bench.run(words: words + ["INC-4211"]).status == .done)
        #expect(try grant(bench).ticket == "INC-4211")
        #expect(try grant(bench).hosts.map(\.description) == ["label:env=prod,role=db"])
        let signed = bench.run("sign", "@g.json", "--key", bench.approver.privateFile)
        #expect(signed.errors.contains("\n  for the ticket INC-4211\n"), "\(signed.errors)")
        let refused = bench.run(words: words + [String(repeating: "x", count: 129)])
        #expect(refused.status == .usage)
        #expect(refused.errors.contains("ticket: this must have 0 to 128 characters"))
        #expect(bench.run("request", "--host", "label:Env=prod").status == .usage)
    }

    @Test func `writes exactly what is documented`() throws {
        let bench = try Bench()
        bench.request(["--for", "90m", "--not-before", "2026-12-02T00:00:00Z"])
        let id = try grant(bench).id
        let expected = """
            {
              "jitgate": "grant/1",
              "id": "\(id)",
              "hosts": [
                "web-1"
              ],
              "requestor": "dana",
              "justification": "disk full",
              "sources": [
                "203.0.113.7/32"
              ],
              "ports": [
                "22/tcp"
              ],
              "not_before": "2026-12-02T00:00:00Z",
              "expires": "2026-12-02T02:30:00Z",
              "duration": "1h30m"
            }

            """
        #expect(String(decoding: try bench.read("g.json"), as: UTF8.self) == expected)
    }

    @Test func `takes an end as it is said`() throws {
        let bench = try Bench()
        bench.request(["--expires", "2026-12-01T14:00:00Z"])
        #expect(try grant(bench).expires == Bench.now + .seconds(7200))
        #expect(try grant(bench).duration == nil)
    }

    @Test func `names a different grant each time, by a random UUID`() throws {
        let bench = try Bench()
        var ids = Set<GrantID>()
        for _ in 0..<20 {
            bench.request()
            let id = try grant(bench).id
            ids.insert(id)
            #expect(Array(id.description)[14] == "4")
            #expect("89ab".contains(Array(id.description)[19]))
        }
        #expect(ids.count == 20)
    }

    /// Asks for where the session comes from to be let in, and prints the grant.
    private func requestFromHere(_ bench: Bench, _ environment: [String: String]) -> Bench.Outcome {
        bench.run(
            words: [
                "request", "--host", "web-*", "--port", "22/tcp", "--source", "my", "--for", "1h",
                "--reason", "r",
            ],
            in: Bench.World(environment: environment)
        )
    }

    @Test func `knows where an SSH session comes from`() throws {
        let bench = try Bench()
        let outcome = requestFromHere(
            bench,
            ["SSH_CONNECTION": "2001:db8::7 50432 192.0.2.1 22", "SUDO_USER": "eve"]
        )
        let grant = try Grant(parsing: Array(outcome.output.utf8))
        #expect(grant.sources.map(\.description) == ["2001:db8::7/128"])
        #expect(grant.requestor == "eve")
    }

    @Test(arguments: [
        ("203.0.113.7", "203.0.113.7/32", [""]),
        ("::ffff:203.0.113.7", "203.0.113.7/32", [", written ::ffff:203.0.113.7"]),
        ("::FFFF:cb00:7107", "203.0.113.7/32", [", written ::FFFF:cb00:7107"]),
        ("2001:db8::7%eth0", "2001:db8::7/128", [", written 2001:db8::7%eth0"]),
        ("fe80::1%eth0", "fe80::1/128", [", written fe80::1%eth0", "it is link-local"]),
        ("::1", "::1/128", ["", "it is this machine itself"]),
        ("127.0.0.1", "127.0.0.1/32", ["", "it is this machine itself"]),
        ("10.1.2.3", "10.1.2.3/32", ["", "it is private"]),
        ("::ffff:192.168.0.9%eth0", "192.168.0.9/32", [", written", "it is private"]),
    ])
    func `says which address a session comes from, and what to think of it`(
        address: String,
        source: String,
        notes: [String]
    ) throws {
        let outcome = requestFromHere(try Bench(), ["SSH_CONNECTION": "\(address) 5 192.0.2.1 22"])
        let grant = try Grant(parsing: Array(outcome.output.utf8))
        #expect(grant.sources.map(\.description) == [source])
        let lines = outcome.errors.split(separator: "\n")
        #expect(lines.count == notes.count, "\(lines)")
        let place = "where this SSH session comes from (SSH_CONNECTION)"
        #expect(lines[0].hasPrefix("jitgate: --source my: \(source), \(place)\(notes[0])"))
        for (line, note) in zip(lines, notes).dropFirst() { #expect(line.contains(note)) }
    }

    @Test func `says what is in the way of knowing where a session comes from`() throws {
        let bench = try Bench()
        let unknown = requestFromHere(bench, ["SSH_CONNECTION": "UNKNOWN 65535 UNKNOWN 65535"])
        #expect(unknown.status == .usage)
        #expect(unknown.errors.contains("`my`: SSH_CONNECTION names no address: `UNKNOWN`"))
        let sudo = requestFromHere(bench, ["SUDO_USER": "dana"])
        #expect(sudo.errors.contains("sudo leaves the variable out"))
    }

    @Test(arguments: [
        ("ops", "ops@example.com"), ("OPS", "ops@example.com"), ("dana", "dana"), ("d", "d"),
        ("Lead@Example.com", "lead@example.com"), ("both", "both"), ("alias", "Alias"),
    ])
    func `is by a name that signers have here, if one must be meant`(
        login: String,
        requestor: String
    ) throws {
        let bench = try Bench()
        let key = try bench.second.publicLine
        let more =
            "both@a.example \(key)\nboth@b.example \(key)\nx,Alias \(key)\n*@c.example \(key)\n"
        try bench.write(
            String(decoding: bench.read("allowed_signers"), as: UTF8.self) + more,
            to: "allowed_signers"
        )
        let outcome = requestFromHere(
            bench,
            ["SSH_CONNECTION": "203.0.113.7 5 192.0.2.1 22", "USER": login]
        )
        let grant = try Grant(parsing: Array(outcome.output.utf8))
        #expect(grant.requestor == requestor)
        #expect(outcome.errors.contains("as allowed_signers has it") == (login != requestor))
        try bench.write("nonsense\n", to: "allowed_signers")
        let without = requestFromHere(
            bench,
            ["SSH_CONNECTION": "203.0.113.7 5 192.0.2.1 22", "USER": login]
        )
        #expect(try Grant(parsing: Array(without.output.utf8)).requestor == login)
    }

    @Test func `says that the requestor signs too where policy asks for that`() throws {
        let bench = try Bench()
        #expect(
            bench.request().errors
                == "wrote \(bench.path("g.json")); next: jitgate sign \(bench.path("g.json"))\n"
        )
        try bench.editPolicy { $0 + "[defaults]\nseparate_requestor = true\n" }
        #expect(
            bench.request().errors.hasSuffix(
                "g.json --as-requestor, then another signer's approval\n"
            )
        )
    }

    @Test func `says so where there is no SSH session`() throws {
        let outcome = requestFromHere(try Bench(), [:])
        #expect(outcome.status == .usage)
        #expect(outcome.errors.hasPrefix("jitgate: `my`: SSH_CONNECTION is not set"))
        #expect(outcome.output.isEmpty)
    }

    @Test(arguments: [
        (["--for", "2x"], "`2x` is not a length of time"),
        (["--expires", "tomorrow"], "`tomorrow` is not a UTC time"),
        (["--for", "2h", "--port", "22"], "`22` is not a port"),
        (["--for", "2h", "--source", "10.0.0.1/8"], "the network is 10.0.0.0/8"),
        (["--for", "2h", "--host", "a b"], "is not a host name"),
        (["--for", "2h", "--requestor", ""], "requestor: this must have 1 to 256 characters"),
        (["--requestor", "eve"], "say how long"),
        (["--expires", "2026-12-01T12:00:00Z"], "it would end before it begins"),
        (
            [
                "--for", "2h", "--not-before", "2026-12-02T00:00:00Z", "--expires",
                "2026-12-02T00:00:00Z",
            ],
            "--expires 2026-12-02T00:00:00Z: it would end before it begins"
        ),
    ])
    func `refuses what would never be a grant`(changes: [String], message: String) throws {
        let bench = try Bench()
        let outcome = bench.request(changes)
        #expect(outcome.status == .usage)
        #expect(outcome.errors.hasPrefix("jitgate: "))
        #expect(outcome.errors.contains(message), "\(outcome.errors)")
        #expect(throws: (any Error).self) { try bench.read("g.json") }
    }

    @Test func `answers a program with the id and the file`() throws {
        let bench = try Bench()
        let outcome = bench.request(["--for", "2h", "--json"])
        let answer = try JSONNode.parse(Array(outcome.output.utf8)).value
        #expect(answer["id"]?.text == (try grant(bench).id.description))
        #expect(answer["file"]?.text == bench.path("g.json"))
        #expect(outcome.errors.isEmpty)
    }
}
