import CommandSupport
import Commands
import Grants
import TestSupport
import Testing

@Suite struct `What a request lacks` {
    private let bench: Bench

    init() throws {
        bench = try Bench()
        _ = try Command.run(["mkdir", "-p", bench.path(".config/jitgate")])
    }

    private func defaults(_ text: String) throws {
        try bench.write(text, to: ".config/jitgate/config.toml")
    }

    private func request(_ words: String..., answers: [String]? = nil) throws -> Grant {
        let outcome = run(words, answers)
        #expect(outcome.status == .done, "\(outcome.errors)")
        return try Grant(parsing: Array(outcome.output.utf8))
    }

    private func run(_ words: [String], _ answers: [String]? = nil) -> Bench.Outcome {
        var world = Bench.World()
        world.answers = answers
        return bench.run(words: ["request"] + words, in: world)
    }

    @Test func `comes from the template, then from the defaults`() throws {
        try defaults(
            """
            host = "web-1"
            port = ["22/tcp", "3389/tcp"]
            source = "203.0.113.7"
            for = "2h"
            requestor = "dana@example.com"

            [template.db]
            host = ["db-1", "label:env=prod,role=db"]
            for = "30m"
            reason = "maintenance"
            ticket = "CHG-7"

            """
        )
        let plain = try request("--reason", "disk full")
        #expect(plain.hosts.map(\.description) == ["web-1"])
        #expect(plain.ports.map(\.description) == ["22/tcp", "3389/tcp"])
        #expect(plain.sources.map(\.description) == ["203.0.113.7/32"])
        #expect(plain.duration == .seconds(7200))
        #expect(plain.requestor == "dana@example.com")
        let database = try request("--template", "db", "--port", "22/tcp")
        #expect(database.hosts.map(\.description) == ["db-1", "label:env=prod,role=db"])
        #expect(database.ports.map(\.description) == ["22/tcp"])
        #expect(database.duration == .seconds(1800))
        #expect(database.justification == "maintenance")
        #expect(database.ticket == "CHG-7")
        // An end that is given makes a duration of the defaults void.
        let until = try request("--reason", "r", "--expires", "2026-12-01T13:00:00Z")
        #expect(until.duration == nil)
        let unknown = run(["--template", "web"])
        #expect(unknown.status == .usage)
        #expect(unknown.errors.contains("there is no template \"web\""))
        #expect(unknown.errors.contains("config.toml has db"))
    }

    @Test(arguments: [
        ("hots = \"web-1\"", ":1:1: `hots` is no key of this file; did you mean `host`?"),
        ("port = [\"22\"]", ":1:9: `port[0]` is \"22\""),
        ("for = 2", ":1:1: `for` is an integer"),
        ("[template.x]\nfor = \"2 parsecs\"", ":2:1: `template.x.for` is \"2 parsecs\""),
        ("[template.x]\nexpires = 1", "is no key of a template"),
        ("host = ", ":1:8: "),
    ])
    func `is not taken from a file with mistakes, which are named`(
        text: String,
        message: String
    ) throws {
        try defaults(text + "\n")
        let outcome = run(["--reason", "r", "--for", "1h"])
        #expect(outcome.status == .configuration)
        #expect(outcome.errors.contains("config.toml"))
        #expect(outcome.errors.contains(message), "\(outcome.errors)")
    }

    @Test func `is asked for on a terminal`() throws {
        let answers = ["web-1, web-2", "", "nonsense", "203.0.113.0/28", "disk full", "90m"]
        let grant = try request(answers: answers)
        #expect(grant.hosts.map(\.description) == ["web-1", "web-2"])
        #expect(grant.ports.map(\.description) == ["22/tcp"])
        #expect(grant.sources.map(\.description) == ["203.0.113.0/28"])
        #expect(grant.justification == "disk full")
        #expect(grant.duration == .seconds(5400))
        let silent = run(["--host", "web-1"], [])
        #expect(silent.status == .usage)
        #expect(silent.errors.contains("no answer to: Port"))
    }

    @Test func `is an error where nobody is there to ask`() throws {
        for (words, message) in [
            ([], "say how long"), (["--for", "1h"], "--host has to be there"),
            (["--for", "1h", "--host", "web-1"], "--port has to be there"),
        ] {
            let outcome = run(words)
            #expect(outcome.status == .usage)
            #expect(outcome.errors.contains(message), "\(outcome.errors)")
        }
    }

    @Test func `may begin at a time that is said in words`() throws {
        let words = [
            "--host", "web-1", "--port", "22/tcp", "--source", "203.0.113.7", "--for", "1h",
            "--reason", "r", "--at",
        ]
        // The bench is an hour ahead of UTC.
        for (time, start) in [
            ("tomorrow 22:00", "2026-12-02T21:00:00Z"), ("+2h", "2026-12-01T14:00:00Z"),
            ("2026-12-03 09:30", "2026-12-03T08:30:00Z"),
        ] {
            let outcome = run(words + [time])
            let grant = try Grant(parsing: Array(outcome.output.utf8))
            #expect(grant.notBefore?.description == start)
        }
        #expect(run(words + ["soon"]).status == .usage)
        let both = run(words + ["+2h", "--not-before", "2026-12-02T21:00:00Z"])
        #expect(both.status == .usage)
    }
}
