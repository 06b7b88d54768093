import Grants
import Testing

@Suite struct `A network` {
    @Test(arguments: [
        ("203.0.113.7", "203.0.113.7/32"), ("10.0.0.0/8", "10.0.0.0/8"), ("::/0", "::/0"),
        ("2001:DB8:0:0:1:0:0:1", "2001:db8::1:0:0:1/128"), ("2001:db8::/56", "2001:db8::/56"),
        ("1:0:0:2:0:0:0:3", "1:0:0:2::3/128"), ("::1.2.3.4", "::102:304/128"),
    ])
    func `has one canonical text`(text: String, canonical: String) throws {
        #expect(try Prefix(parsing: text).description == canonical)
        #expect(try Prefix(parsing: canonical).description == canonical)
    }

    @Test(arguments: [
        "", "1.2.3", "1.2.3.4.5", "010.0.0.1", "1.2.3.256", "1.2.3.4/33", "1.2.3.4/08",
        "1.2.3.4/+8",
        "1.2.3.4/24", "1.2.3.4/", "1.2.3.4/24/1", "fe80::1%eth0", "::ffff:1.2.3.4", "1::2::3",
        ":::",
        "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "12345::", "2001:db8::1/64", " 1.2.3.4",
        "1:2:3:4:5:6:7::8:9",
    ])
    func `is refused when it is anything else`(text: String) {
        #expect(throws: TextError.self) { try Prefix(parsing: text) }
    }
}

@Suite struct `A moment` {
    @Test(arguments: [
        ("1970-01-01T00:00:00Z", 0), ("2024-02-29T23:59:59.5Z", 1_709_251_199_500_000),
        ("2026-12-01T12:00:00Z", 1_796_126_400_000_000), ("1969-12-31T23:59:59Z", -1_000_000),
    ])
    func `is microseconds since 1970`(text: String, microseconds: Int64) throws {
        #expect(try Moment(parsing: text).microseconds == microseconds)
        #expect(
            try Moment(parsing: Moment(microseconds: microseconds).description).microseconds
                == microseconds
        )
    }

    @Test(arguments: [
        "2026-02-29T00:00:00Z", "2026-02-31T00:00:00Z", "2026-12-01T24:00:00Z",
        "2026-12-01T00:00:60Z",
        "2026-12-01T00:00:00z", "2026-12-01t00:00:00Z", "2026-12-01T00:00:00+00:00",
        "2026-12-1T0:0:0Z",
        "10000-01-01T00:00:00Z", "2026-12-01T00:00:00.Z", "2026-12-01T00:00:00Zx",
        "2026-00-01T00:00:00Z", "",
    ])
    func `is refused when it is not RFC 3339 in UTC`(text: String) {
        #expect(throws: TextError.self) { try Moment(parsing: text) }
    }
}

@Suite struct `Small texts of a grant` {
    @Test(arguments: ["0/tcp", "65536/tcp", "22/sctp", "22", "022/tcp", "-1/tcp", "22/TCP"])
    func `that are no ports are refused`(text: String) {
        #expect(throws: TextError.self) { try Port(parsing: text) }
    }

    @Test(arguments: ["", "2", "h", "0s", "1m1h", "1h1h", "99999999999h", "-1h", "1.5h"])
    func `that are no lengths of time are refused`(text: String) {
        #expect(throws: TextError.self) { try Duration(parsing: text) }
    }

    @Test func `that are lengths of time are read`() throws {
        #expect(try Duration(parsing: "1h30m") == .seconds(5400))
        #expect(try Duration(parsing: "90m").shortText == "1h30m")
    }

    @Test(arguments: [
        ("web-1", true), ("WEB-?", true), ("*", true), ("db-*", false), ("*b*1", true),
        ("web-1x", false),
        ("machine-id:0123456789abcdef0123456789abcdef", true),
        ("machine-id:0123456789abcdef0123456789abcdee", false),
    ])
    func `that are hosts match as globs do`(text: String, matches: Bool) throws {
        let pattern = try HostPattern(parsing: text)
        let id = "0123456789abcdef0123456789abcdef"
        #expect(pattern.matches(hostname: "web-1", machineID: id) == matches)
        #expect(
            !pattern.matches(hostname: "", machineID: "", labels: ["web-1": "web-1"]) || text == "*"
        )
    }

    @Test(arguments: [
        ("label:env=prod", true), ("label:env=prod,role=db", true),
        ("label:role=db,env=prod", true),
        ("label:env=prod,role=web", false), ("label:env=prod,rack=7", false),
        ("label:rack=7", false),
        ("label:env=pro", false), ("label:env=production", false),
    ])
    func `that are labels match a host that has all of them`(text: String, matches: Bool) throws {
        let pattern = try HostPattern(parsing: text)
        let labels = ["env": "prod", "role": "db"]
        #expect(pattern.matches(hostname: "env", machineID: "", labels: labels) == matches)
        #expect(!pattern.matches(hostname: "web-1", machineID: ""))
        #expect(try HostPattern(parsing: pattern.description) == pattern)
        #expect(throws: TextError.self) { try HostPattern(parsing: text, under: .second) }
    }

    @Test(arguments: [
        "label:", "label:env", "label:env=", "label:=prod", "label:=", "label:Env=prod",
        "label:env=Prod",
        "Label:env=prod", "label:env=*", "label:env=prod,", "label:,env=prod",
        "label:env=prod,,role=db",
        "label:env=prod, role=db", "label:env=a=b", "label:env=prod,env=prod",
        "label:env=pr\u{F3}d",
        "label:env=prod\u{301}", "label:\(String(repeating: "e", count: 64))=prod",
    ])
    func `that are no labels are refused`(text: String) {
        #expect(throws: TextError.self) { try HostPattern(parsing: text) }
    }
}
