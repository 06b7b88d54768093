import Admission
import Attestation
import Depot
import Grants
import Posture
import TestSupport
import Testing

@testable import Requests

@Suite struct `The outlook of a request` {
    private let people: TestPeople

    init() throws {
        people = try TestPeople(["dana", "sec-ann", "ops-bob", "ops-eve"])
    }

    private func fleet(
        _ change: (inout PortRules) throws -> Void = { _ in }
    ) throws -> FleetRules {
        FleetRules([try .host("web-1", try .reporting("web-1", change))], at: now)
    }

    private func verdict(_ outlook: RequestOutlook) throws -> HostOutlook.Verdict {
        try #require(outlook.hosts.first).verdict
    }

    @Test func `counts how many approvals are missing`() throws {
        let fleet = try fleet { $0.approvals = 2 }
        let none = try people.outlook(of: .wish(), in: fleet)
        #expect(try verdict(none) == .needs(approvals: 2, from: []))
        let one = try people.outlook(of: .wish(), in: fleet, by: ["ops-bob"])
        #expect(try verdict(one) == .needs(approvals: 1, from: []))
        #expect(!one.isApproved && one.metShelves.isEmpty)
        let two = try people.outlook(of: .wish(), in: fleet, by: ["ops-bob", "sec-ann"])
        #expect(try verdict(two) == .opens)
        #expect(two.isApproved)
        #expect(try two.metShelves == [shelf("web-1")])
        #expect(two.hosts.first?.ports == ["22/tcp"])
    }

    @Test func `counts one person once`() throws {
        let fleet = try fleet { $0.approvals = 2 }
        let twice = try people.outlook(of: .wish(), in: fleet, by: ["ops-bob", "ops-bob"])
        #expect(try verdict(twice) == .needs(approvals: 1, from: []))
    }

    @Test func `names the groups whose approval is missing`() throws {
        let fleet = try fleet {
            $0.approvalsFrom = [try NamePatterns(["sec-*"]), try NamePatterns(["ops-*"])]
        }
        let none = try people.outlook(of: .wish(), in: fleet)
        #expect(try verdict(none) == .needs(approvals: 2, from: ["sec-*", "ops-*"]))
        let two = try people.outlook(of: .wish(), in: fleet, by: ["ops-bob", "ops-eve"])
        #expect(try verdict(two) == .needs(approvals: 1, from: ["sec-*"]))
        let both = try people.outlook(of: .wish(), in: fleet, by: ["ops-bob", "sec-ann"])
        #expect(try verdict(both) == .opens)
    }

    @Test func `never counts one's own approval where requestors are separate`() throws {
        let fleet = try fleet { $0.separateRequestor = true }
        let own = try people.outlook(of: .wish(), in: fleet, by: ["dana"], asked: ["dana"])
        #expect(try verdict(own) == .needs(approvals: 1, from: []))
        #expect(own.hosts.first?.needsRequestor == false)
        let unasked = try people.outlook(of: .wish(), in: fleet, by: ["ops-bob"])
        #expect(try verdict(unasked) == .needs(approvals: 0, from: []))
        #expect(unasked.hosts.first?.needsRequestor == true)
        #expect(!unasked.isApproved)
        let both = try people.outlook(of: .wish(), in: fleet, by: ["ops-bob"], asked: ["dana"])
        #expect(try verdict(both) == .opens)
    }

    @Test func `does not count the signature of a request as an approval`() throws {
        let asked = try people.outlook(of: .wish(), in: fleet(), asked: ["dana", "ops-bob"])
        #expect(try verdict(asked) == .needs(approvals: 1, from: []))
    }

    @Test func `is a refusal with its remedy where no approval would help`() throws {
        let wide = try people.outlook(of: .wish(sources: ["192.0.0.0/16"]), in: fleet())
        guard case .refuses(let rule, let reason, let remedy) = try verdict(wide) else {
            return #expect(Bool(false), "it is refused")
        }
        #expect(rule == "widest-source")
        #expect(reason.contains("192.0.0.0/16") && remedy.contains("/24"))
        #expect(wide.isHopeless)
        let ticketed = try fleet { $0.requireTicket = [TicketPattern("INC-*")] }
        #expect(try people.outlook(of: .wish(), in: ticketed).isHopeless)
        #expect(try !people.outlook(of: .wish(ticket: "INC-1"), in: ticketed).isHopeless)
        #expect(try people.outlook(of: .wish(ports: ["23/tcp"]), in: fleet()).isHopeless)
        let long = Grant.wish(duration: .seconds(7201), expires: "2026-12-01T18:00:00Z")
        #expect(try people.outlook(of: long, in: fleet()).isHopeless)
    }

    @Test func `is a refusal after the end of the access`() throws {
        let late = try people.outlook(of: .wish(), in: fleet(), at: "2026-12-01T12:00:00Z")
        guard case .refuses("expires", _, _) = try verdict(late) else {
            return #expect(Bool(false), "it is refused")
        }
        #expect(late.isHopeless)
    }

    @Test func `differs by host, and is published to those that are met`() throws {
        let fleet = FleetRules(
            [
                try .host("web-1", .reporting("web-1")),
                try .host("web-2", .reporting("web-2") { $0.approvals = 2 }),
                try .host("web-3", .reporting("web-3") { $0.widestIPv4 = 32 }),
            ],
            at: now
        )
        let grant = Grant.wish(
            hosts: [.name("web-3"), .name("web-2"), .name("web-1")],
            sources: ["192.0.2.0/24"]
        )
        let outlook = try people.outlook(of: grant, in: fleet, by: ["ops-bob"])
        #expect(outlook.hosts.map(\.host.description) == ["web-1", "web-2", "web-3"])
        #expect(outlook.hosts.map(\.isMet) == [true, false, false])
        #expect(outlook.hosts.map(\.isRefused) == [false, false, true])
        #expect(try outlook.metShelves == [shelf("web-1")])
        #expect(!outlook.isHopeless && !outlook.isApproved)
    }

    @Test func `is judged on hosts that a glob, labels or a machine id mean`() throws {
        let database = try HostPosture.host(
            "db-1",
            .reporting("db-1", labels: ["env": "prod", "role": "db"]) { $0.approvals = 2 }
        )
        let web = try HostPosture.host("web-1", .reporting("web-1", labels: ["env": "prod"]))
        let fleet = FleetRules([database, web], at: now)
        func hosts(_ pattern: HostPattern) throws -> [String] {
            try people.outlook(of: .wish(hosts: [pattern]), in: fleet).hosts
                .map(\.host.description)
        }
        #expect(try hosts(.name("*-1")) == ["db-1", "web-1"])
        #expect(try hosts(.name("we?-*")) == ["web-1"])
        #expect(try hosts(.labels(["env": "prod"])) == ["db-1", "web-1"])
        #expect(try hosts(.labels(["env": "prod", "role": "db"])) == ["db-1"])
        #expect(try hosts(.machineID(String(repeating: "a", count: 32))).count == 2)
        #expect(try hosts(.name("mail-*")).isEmpty)
        #expect(try people.outlook(of: .wish(hosts: [.name("mail-*")]), in: fleet).isHopeless)
        let all = Grant.wish(hosts: [.name("*")])
        let one = try people.outlook(of: all, in: fleet, by: ["ops-bob"])
        #expect(one.hosts.map(\.isMet) == [false, true])
        #expect(one.metShelves.isEmpty, "a glob waits for all hosts")
        let two = try people.outlook(of: all, in: fleet, by: ["ops-bob", "sec-ann"])
        #expect(try two.metShelves == [shelf("all")])
    }

    @Test func `waits, for a glob, for hosts that were heard within the hour alone`() throws {
        let fleet = FleetRules(
            [
                try .host("web-1", .reporting("web-1")),
                try .host("web-2", .reporting("web-2") { $0.approvals = 2 }, age: .seconds(3601)),
                try .host("web-3", .reporting("web-3") { $0.approvals = 2 }, state: .silent),
                try .host("web-4", nil, state: .notConfigured),
                try .host("web-5", .reporting("web-5"), state: .retired),
            ],
            at: now
        )
        let grant = Grant.wish(hosts: [.name("web-*")])
        let outlook = try people.outlook(of: grant, in: fleet, by: ["ops-bob"])
        #expect(try outlook.metShelves == [shelf("all")])
        let names = outlook.hosts.map(\.host.description)
        #expect(names == ["web-1", "web-2", "web-3", "web-4"])
    }

    @Test func `is unknown for a host that is not heard, with what it said last`() throws {
        let silent = try HostPosture.host(
            "web-1",
            .reporting("web-1"),
            state: .silent,
            age: .seconds(86_400)
        )
        let outlook = try people.outlook(
            of: .wish(),
            in: FleetRules([silent], at: now),
            by: ["ops-bob"]
        )
        #expect(try verdict(outlook) == .unknown("the host is silent"))
        #expect(outlook.hosts.first?.lastKnown == .opens)
        #expect(outlook.isApproved, "it can still read its shelf")
        for state in [HostPosture.State.unverified, .notConfigured, .silent] {
            let posture = try HostPosture.host("web-1", nil, state: state)
            let unknown = try people.outlook(
                of: .wish(),
                in: FleetRules([posture], at: now),
                by: ["ops-bob"]
            )
            #expect(try verdict(unknown) == .unknown("the host is \(state.rawValue)"))
            #expect(!unknown.isApproved && !unknown.isHopeless)
        }
    }

    @Test func `is unknown for a host that the inventory does not have`() throws {
        let outlook = try people.outlook(of: .wish(hosts: [.name("web-9")]), in: fleet())
        #expect(try verdict(outlook) == .unknown("the inventory has no host of this name"))
        #expect(outlook.hosts.first?.state == nil)
        #expect(!outlook.isHopeless)
    }

    @Test func `is a refusal where a host is listed by a name that it does not have`() throws {
        let fleet = FleetRules([try .host("web-1", .reporting("web-1.example.com"))], at: now)
        let short = try people.outlook(of: .wish(), in: fleet)
        #expect(short.isHopeless)
        let long = Grant.wish(hosts: [.name("web-1.example.com")])
        let outlook = try people.outlook(of: long, in: fleet, by: ["ops-bob"])
        #expect(try outlook.metShelves == [shelf("web-1.example.com")])
    }

    @Test func `lets a grant supersede those of its requestor alone`() throws {
        let old: GrantID = "11111111-2222-4333-8444-555555555555"
        for (requestor, isHopeless) in [("dana", false), ("pat", true)] {
            var status = try HostStatus.reporting("web-1")
            let grant = Grant(
                id: old,
                hosts: [.name("web-1")],
                requestor: requestor,
                justification: nil,
                sources: ["192.0.2.7/32"],
                ports: ["22/tcp"],
                notBefore: nil,
                expires: "2026-12-01T12:00:00Z",
                duration: nil
            )
            let provenance = GrantProvenance(grant: grant, digest: "", signers: [], file: "")
            status.grants.open = [
                HostStatus.OpenGrant(provenance, opened: now, deadline: grant.expires)
            ]
            let fleet = FleetRules([try .host("web-1", status)], at: now)
            let outlook = try people.outlook(of: .wish(supersedes: [old]), in: fleet)
            #expect(outlook.isHopeless == isHopeless)
        }
    }

    @Test func `is unknown if the status had no room for the port or the label`() throws {
        var status = try HostStatus.reporting("web-1")
        status.leftOut = [.ports: 1]
        let fleet = FleetRules([try .host("web-1", status)], at: now)
        let outlook = try people.outlook(of: .wish(ports: ["23/tcp"]), in: fleet)
        guard case .unknown = try verdict(outlook) else {
            return #expect(Bool(false), "it is unknown")
        }
        #expect(try verdict(people.outlook(of: .wish(), in: fleet, by: ["ops-bob"])) == .opens)
    }

    @Test func `looks at named hosts alone, and follows what hosts become`() throws {
        var fleet = FleetRules(
            try (0..<10_000).map { try .host("web-\($0)", .reporting("web-\($0)")) },
            at: now
        )
        #expect(fleet.count == 10_000)
        let grant = Grant.wish(hosts: [.name("web-77"), .name("web-9999")])
        let outlook = try people.outlook(of: grant, in: fleet, by: ["ops-bob"])
        #expect(outlook.hosts.map(\.host.description) == ["web-77", "web-9999"])
        fleet.update(try .host("web-77", .reporting("web-77") { $0.approvals = 2 }), at: now)
        fleet.remove(try shelf("web-9999"))
        let later = try people.outlook(of: grant, in: fleet, by: ["ops-bob"])
        #expect(later.hosts.map(\.verdict).first == .needs(approvals: 1, from: []))
        #expect(later.hosts.map(\.state) == [.configured, nil])
        #expect(fleet.count == 9_999)
    }
}
