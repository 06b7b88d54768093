import Grants
import HubPages
import Testing

@Suite struct AskReaderTests {
    private let now = Moment(microseconds: 1_796_000_000_500_000)
    private let id = GrantID(value: 7)

    private func fields(_ changes: [AskFields.Name: String] = [:]) -> AskFields {
        var fields = AskFields()
        fields[.hosts] = "web-1, db-*  label:env=prod,role=db"
        (fields[.ports], fields[.sources]) = ("22/tcp,443/tcp", "203.0.113.7 2001:db8::/56")
        (fields[.duration], fields[.reason]) = ("2h", "disk full, INC's \"log\"")
        for (name, value) in changes { fields[name] = value }
        return fields
    }

    private func read(_ changes: [AskFields.Name: String] = [:]) -> Result<Grant, AskProblems> {
        AskReader.read(fields(changes), for: "dana", id: id, at: now)
    }

    @Test func formBecomesGrant() throws {
        let grant = try read([.start: "2026-12-01T22:00", .ticket: "CHG-1"]).get()
        #expect(grant.hosts.map(\.description) == ["web-1", "db-*", "label:env=prod,role=db"])
        #expect(grant.ports.map(\.description) == ["22/tcp", "443/tcp"])
        #expect(grant.sources.map(\.description) == ["203.0.113.7/32", "2001:db8::/56"])
        #expect(grant.notBefore?.description == "2026-12-01T22:00:00Z")
        #expect(grant.expires.description == "2026-12-02T01:00:00Z")
        #expect(grant.duration == .seconds(7200) && grant.ticket == "CHG-1")
        #expect(grant.requestor == "dana" && grant.id == id)
    }

    @Test func grantWithoutStartOpensAtOnce() throws {
        let grant = try read().get()
        #expect(grant.notBefore == nil && grant.ticket == nil)
        #expect(grant.expires == now.wholeSecond + .seconds(3 * 3600))
    }

    @Test func sameEntryTwiceIsOne() throws {
        let grant = try read([.hosts: "web-1 WEB-1 web-1", .sources: "10.0.0.1 10.0.0.1/32"]).get()
        #expect(grant.hosts.count == 1 && grant.sources.count == 1)
    }

    @Test(
        arguments: [
            (AskFields.Name.hosts, ""), (.hosts, "web!"), (.hosts, "label:env"), (.ports, "22"),
            (.ports, ""), (.sources, "203.0.113.7/24"), (.sources, "my"), (.duration, ""),
            (.duration, "2 hours"), (.duration, "999999999h"), (.start, "tomorrow"),
            (.start, "2026-02-30T10:00"), (.reason, ""), (.reason, "a\u{202E}b"),
            (.ticket, String(repeating: "x", count: 200)),
            (.sources, (0..<70).map { "10.0.0.\($0)" }.joined(separator: " ")),
        ]
    )
    func faultIsTheFields(_ name: AskFields.Name, _ value: String) {
        guard case .failure(let problems) = read([name: value]) else {
            Issue.record("\(value.debugDescription) is taken")
            return
        }
        #expect(problems.all.map(\.field) == [name], "\(problems.all)")
    }

    @Test func allFaultsAreNamedAtOnce() {
        guard case .failure(let problems) = read([.hosts: "", .ports: "x", .reason: ""]) else {
            Issue.record("it is taken")
            return
        }
        #expect(problems.all.map(\.field) == [.hosts, .ports, .reason])
    }

    @Test func commandMakesTheSameRequest() throws {
        let grant = try read([.start: "2026-12-01T22:00", .ticket: "CHG-1"]).get()
        #expect(
            grant.askCommand(to: "https://hub.example.com")
                == "jitgate request --send --hub https://hub.example.com --host web-1 "
                + "--host 'db-*' --host 'label:env=prod,role=db' --port 22/tcp --port 443/tcp "
                + "--source 203.0.113.7/32 --source 2001:db8::/56 --for 2h "
                + "--not-before 2026-12-01T22:00:00Z --ticket CHG-1 "
                + "--reason 'disk full, INC'\\''s \"log\"'"
        )
    }

    @Test(
        arguments: [
            ("10.1.2.3", true), ("172.16.0.1", true), ("172.32.0.1", false), ("192.168.1.1", true),
            ("100.64.0.1", true), ("169.254.1.1", true), ("127.0.0.1", true), ("::1", true),
            ("fd00::1", true), ("fe80::1", true), ("203.0.113.7", false), ("2001:db8::1", false),
        ]
    )
    func privateAddressesAreKnown(_ text: String, _ isPrivate: Bool) throws {
        #expect(try Address(parsing: text).isPrivate == isPrivate)
    }

    @Test func queryKeepsTheFields() {
        let link = fields().link.text
        #expect(link.hasPrefix("/request?hosts=web-1%2C%20db-%2A%20%20label%3Aenv%3Dprod"))
        #expect(link.hasSuffix("&for=2h&reason=disk%20full%2C%20INC%27s%20%22log%22"))
    }
}
