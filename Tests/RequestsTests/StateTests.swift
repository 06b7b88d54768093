import Attestation
import Depot
import Grants
import Signatures
import StrictJSON
import TestSupport
import Testing

@testable import Requests

@Suite struct `The state of a request` {
    private let grant = Grant.wish(hosts: [.name("web-1"), .name("web-2")])
    private let hour = Duration.seconds(3600)

    private func stored(_ state: StoredState, openings: [ReportedOpening] = []) -> StoredRequest {
        let payload = grant.payload()
        let request = AccessRequest(
            grant,
            payload: payload,
            sha256: FileDigest.sha256(of: payload),
            askedBy: "dana",
            isSigned: true,
            created: now,
            lapses: now + .seconds(86_400)
        )
        var stored = StoredRequest(request, state: state, since: now)
        stored.openings = openings
        return stored
    }

    private func outlook(_ people: TestPeople, by names: [String] = []) throws -> RequestOutlook {
        let fleet = FleetRules(
            [
                try .host("web-1", .reporting("web-1")), try .host("web-2", .reporting("web-2")),
            ],
            at: now
        )
        return try people.outlook(of: grant, in: fleet, by: names)
    }

    private func opening(
        _ name: String,
        closed: Moment? = nil
    ) throws -> ReportedOpening {
        ReportedOpening(
            host: try shelf(name),
            opened: now + .seconds(60),
            deadline: now + hour,
            closed: closed
        )
    }

    @Test func `is pending, then approved, and lapses if nothing comes of it`() throws {
        let people = try TestPeople(["ops-bob"])
        let pending = stored(.pending)
        #expect(pending.state(by: nil, at: now).state == .pending)
        #expect(try pending.state(by: outlook(people), at: now).state == .pending)
        let met = try outlook(people, by: ["ops-bob"])
        #expect(pending.state(by: met, at: now).state == .approved)
        // The access ends at 12:00, before the day is over.
        let late = pending.state(by: met, at: "2026-12-01T12:00:00Z")
        #expect(late == (.lapsed, "2026-12-01T12:00:00Z"))
    }

    @Test(arguments: [
        (StoredState.denied, AccessRequest.State.denied), (.withdrawn, .withdrawn),
        (.lapsed, .lapsed),
    ])
    func `is final once it is decided`(stored state: StoredState, shown: AccessRequest.State) {
        let found = stored(state).state(by: nil, at: now + hour)
        #expect(found == (shown, now))
        #expect(found.state.isOver)
    }

    @Test func `is open while a host says so, and ends when no host is left`() throws {
        let people = try TestPeople(["ops-bob"])
        let met = try outlook(people, by: ["ops-bob"])
        #expect(stored(.published).state(by: met, at: now) == (.published, now))
        let one = stored(.published, openings: [try opening("web-1")])
        #expect(one.state(by: met, at: now + .seconds(90)) == (.open, now + .seconds(60)))
        #expect(one.openCount(at: now + .seconds(90)) == 1)
        // web-2 may still open it.
        #expect(one.state(by: met, at: now + hour).state == .published)
        let closed = now + .seconds(600)
        let both = stored(
            .published,
            openings: [try opening("web-1", closed: closed), try opening("web-2", closed: closed)]
        )
        #expect(both.state(by: met, at: now + .seconds(700)) == (.ended, closed))
        #expect(both.openCount(at: now + .seconds(700)) == 0)
    }

    @Test func `is ended at its end, opened or not`() {
        let end: Moment = "2026-12-01T12:00:00Z"
        #expect(stored(.published).state(by: nil, at: end) == (.ended, end))
    }

    @Test func `is shown as JSON with its outlook and signatures`() throws {
        let people = try TestPeople(["ops-bob", "dana"])
        var stored = stored(.published, openings: [try opening("web-1")])
        stored.signatures = [
            try people.sign(grant, by: "dana", for: "jitgate-request"),
            try people.sign(grant, by: "ops-bob"),
        ]
        stored.publications = [ShelvedFile(shelf: try shelf("web-1"), digest: "", made: now)]
        let counted = CountedSignatures(
            of: grant.payload(),
            stored.signatures,
            by: try people.verifier,
            at: now
        )
        let json = RequestDocument(
            stored,
            counted,
            try outlook(people, by: ["ops-bob"]),
            at: now + .seconds(90)
        ).jsonValue
        #expect(json["state"] == "open")
        #expect(json["payload"]?.text.map { Base64.decode(Array($0.utf8)) } == grant.payload())
        #expect(json["asked_by"] == "dana")
        #expect(json["hosts"] == ["web-1", "web-2"])
        #expect(json["duration"] == "1h")
        #expect(json["ticket"] == nil)
        #expect(json["open_hosts"] == 1)
        let signers = json["signatures"]?.items?.map { $0["signer"]?.text }
        #expect(signers == ["dana", "ops-bob"])
        let hosts = try #require(json["outlook"]?.items)
        #expect(hosts.map { $0["published"] } == [true, false])
        #expect(hosts.map { $0["needs"] } == [0, 0])
        #expect(hosts[0]["deadline"] == .string((now + hour).description))
        #expect(hosts[1]["open_since"] == nil)
    }
}

@Suite struct `The signatures under a request` {
    private let grant = Grant.wish()

    @Test func `are checked one by one, and go to hosts while they count`() throws {
        var people = try TestPeople(["ops-bob", "sec-ann", "dana"])
        let signatures = [
            try people.sign(grant, by: "ops-bob"), try people.sign(grant, by: "sec-ann"),
            try people.sign(grant, by: "sec-ann", for: "jitgate-request"),
            try people.sign(grant, by: "dana", for: "jitgate-request"),
        ]
        people.remove("ops-bob")
        let counted = CountedSignatures(
            of: grant.payload(),
            signatures,
            by: try people.verifier,
            at: now
        )
        #expect(
            counted.items.map { $0.verified?.principal } == [nil, "sec-ann", "sec-ann", "dana"]
        )
        #expect(counted.items[0].problem?.contains("allowed_signers") ?? false)
        // The signature of somebody who asks for dana is none that a host counts.
        let file = grant.payload() + signatures[1].armor + signatures[3].armor
        #expect(counted.file(for: "DANA") == file)
        let signed = try people.verifier.verify(file, at: now)
        #expect(signed.signatures.map(\.principal) == ["sec-ann", "dana"])
    }

    @Test func `are one armored block over the very payload`() throws {
        let people = try TestPeople(["ops-bob"])
        let verifier = try people.verifier
        let payload = grant.payload()
        let armor = try people.armor(payload, by: "ops-bob", for: "jitgate-grant")
        let check = { (armor: [UInt8], payload: [UInt8]) throws(SignatureError) in
            try CountedSignatures.check(armor, over: payload, by: verifier, at: now)
        }
        #expect(try check(armor, payload).principal == "ops-bob")
        #expect(throws: SignatureError.self) { try check(armor + armor, payload) }
        #expect(throws: SignatureError.self) { try check(armor, payload + [0x0A]) }
        #expect(throws: SignatureError.self) { try check([], payload) }
        // Signed as it stands, and yet no signature over the payload alone.
        let longer = try people.armor(payload + [0x0A], by: "ops-bob", for: "jitgate-grant")
        #expect(throws: SignatureError.self) { try check([0x0A] + longer, payload) }
        let other = try people.armor(payload, by: "ops-bob", for: "jitgate-decision")
        #expect(throws: SignatureError.self) { try check(other, payload) }
    }
}
