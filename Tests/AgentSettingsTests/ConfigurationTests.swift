import Admission
import Grants
import StrictJSON
import StrictTOML
import TestSupport
import Testing

@testable import AgentSettings

@Suite struct `A configuration` {
    @Test func `of an empty file is the defaults`() throws {
        #expect(try Configuration(parsing: "", file: "empty") == .defaults)
    }

    @Test func `observes and protects SSH and RDP unless told otherwise`() {
        let policy = Configuration.defaults.policy
        #expect(policy.mode == .observe)
        #expect(
            policy.ports.keys.sorted().map(\.description) == ["22/tcp", "3389/tcp", "3389/udp"]
        )
        #expect(policy.ports.values.allSatisfy { $0 == .defaults })
    }

    @Test(arguments: UInt64(0)..<200)
    func `written out reads back as itself`(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let configuration = generator.configuration()
        #expect(try Configuration(parsing: configuration.toml, file: "seed") == configuration)
    }

    @Test(arguments: UInt64(0)..<50)
    func `says the same in JSON as in TOML`(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let configuration = generator.configuration()
        let document = try TOMLDocument(Array(configuration.toml.utf8))
        #expect(Self.json(of: .table(document.root)) == Self.sorted(configuration.json))
    }

    static func json(of setting: TOMLValue) -> JSONValue {
        switch setting {
        case .table(let table):
            .object(table.sorted { $0.key < $1.key }.map { .init($0.key, json(of: $0.value)) })
        case .array(let elements): .array(elements.map(json))
        case .string(let text): .string(text)
        case .integer(let number): .integer(Int64(number))
        case .boolean(let flag): .bool(flag)
        case .other: .null
        }
    }

    static func sorted(_ value: JSONValue) -> JSONValue {
        switch value {
        case .object(let members):
            .object(members.sorted { $0.name < $1.name }.map { .init($0.name, sorted($0.value)) })
        case .array(let items): .array(items.map(sorted))
        case .null, .bool, .integer, .string: value
        }
    }

    @Test(arguments: [
        ("7d", 604_800), ("36600d", 36_600 * 86_400), ("12h", 43_200), ("1h30m", 5400), ("1s", 1),
    ])
    func `takes how long a grant may wait in days or as a duration`(text: String, seconds: Int64)
        throws
    {
        let policy = "[grants]\nmax_wait = \"\(text)\"\n"
        let configuration = try Configuration(parsing: policy, file: "wait")
        #expect(configuration.policy.maxWait == .seconds(seconds))
        #expect(configuration.toml.contains("max_wait = \"\(text)\"\n"))
    }

    @Test(arguments: ["0d", "36601d", "1.5d", "-1d", "07d", "d", "1w", "0s", "forever", ""])
    func `takes no other wait`(text: String) {
        let error = #expect(throws: ConfigurationError.self) {
            try Configuration(parsing: "[grants]\nmax_wait = \"\(text)\"\n", file: "wait")
        }
        #expect(error?.problems.map(\.key) == ["grants.max_wait"])
        #expect(
            error?.problems.first?.remedy
                == "such as \"7d\" or \"12h\" belongs here, from 1s to 36600d"
        )
    }

    @Test func `lets a port change any default and inherit the rest`() throws {
        let text = """
            [defaults]
            approvals = 2
            on_expiry = "drain"
            [[port]]
            number = 22
            protocol = "tcp"
            approvals = 3
            """
        let configuration = try Configuration(parsing: text, file: "policy")
        let port = try #require(Port(number: 22, transport: .tcp))
        var rules = PortRules.defaults
        rules.approvals = 3
        rules.onExpiry = .drain
        #expect(configuration.policy.ports == [port: rules])
    }

    @Test(
        arguments: [
            ("true", ExistingSessionRule.keep(for: nil)), ("false", .reset),
            ("\"90m\"", .keep(for: .seconds(5400))),
        ]
    )
    func `keeps existing sessions for as long as it says`(
        text: String,
        rule: ExistingSessionRule
    ) throws {
        let configuration = try Configuration(parsing: "keep_existing = \(text)", file: "policy")
        #expect(configuration.policy.keepExisting == rule)
    }

    @Test func `lets sessions drain for as long as each port says`() throws {
        let text = """
            defaults.drain_limit = "4h"
            [[port]]
            number = 22
            protocol = "tcp"
            [[port]]
            number = 23
            protocol = "tcp"
            drain_limit = "10m"
            """
        let ports = try Configuration(parsing: text, file: "policy").policy.ports
        let limits = ports.sorted { $0.key < $1.key }.map(\.value.drainLimit)
        #expect(limits == [.seconds(4 * 3600), .seconds(600)])
    }

    @Test func `applies the defaults to the ports that it protects unasked`() throws {
        let text = "[defaults]\nmax_duration = \"1h\"\n"
        let rules = try Configuration(parsing: text, file: "policy").policy.ports.values
        #expect(rules.count == 3)
        #expect(rules.allSatisfy { $0.maxDuration == .seconds(3600) })
    }

    @Test(arguments: [("[]", []), ("[\"90s\", \"1h\", \"5m\"]", [3600, 300, 90])])
    func `warns of the end of sessions as long before as it says`(
        text: String,
        seconds: [Int]
    ) throws {
        let configuration = try Configuration(parsing: "sessions.warn = \(text)", file: "policy")
        #expect(configuration.sessionWarnings == seconds.map { .seconds($0) })
    }

    @Test func `takes a single length for the family that it can be of`() throws {
        let wide = try Configuration(parsing: "defaults.widest_source = [\"/16\"]", file: "policy")
        let narrow = try Configuration(
            parsing: "defaults.widest_source = [\"/64\"]",
            file: "policy"
        )
        #expect(wide.policy.ports.values.allSatisfy { $0.widestIPv4 == 16 && $0.widestIPv6 == 56 })
        #expect(
            narrow.policy.ports.values.allSatisfy { $0.widestIPv4 == 24 && $0.widestIPv6 == 64 }
        )
    }
}
