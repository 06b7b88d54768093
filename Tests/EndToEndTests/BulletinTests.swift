import Foundation
import Grants
import StrictJSON
import TestSupport
import Testing

/// A host of the fleet prod, with an inbox, in front of the real agent.
struct BulletinHost {
    let scene: InboxHost
    let herald: SSHKey
    let second: SSHKey
    var host: AgentHost { scene.host }

    init(maxStaleness limit: String? = nil) throws {
        (herald, second) = (try SSHKey(), try SSHKey())
        let staleness = limit.map { "max_staleness = \"\($0)\"\n" } ?? ""
        scene = try InboxHost(
            policy: "[freshness]\nfleet = \"prod\"\n\(staleness)",
            signers: """
                herald namespaces="jitgate-bulletin" \(try herald.publicLine)
                second namespaces="jitgate-bulletin,jitgate-grant" \(try second.publicLine)

                """
        )
    }

    /// A signed bulletin that was issued some seconds ago.
    func bulletin(
        _ fleet: String = "prod",
        age: Double = 0,
        lasting seconds: Double = 3600,
        grants: [UUID] = [],
        keys: [String] = [],
        by key: SSHKey? = nil
    ) throws -> [UInt8] {
        let now = Int64((Date().timeIntervalSince1970 - age) * 1_000_000)
        let issued = Moment(microseconds: now)
        let bulletin = Bulletin(
            fleet: fleet,
            issued: issued,
            expires: issued + .microseconds(Int64(seconds * 1_000_000)),
            revokedGrants: try grants.map { try GrantID(parsing: $0.uuidString) },
            revokedKeys: keys
        )
        let payload = bulletin.payload()
        return try payload + (key ?? herald).sign(payload, namespace: "jitgate-bulletin")
    }

    func offer(_ bulletin: [UInt8]) throws { try scene.offer(bulletin, as: "bulletin") }

    func fingerprint(_ key: SSHKey) throws -> String {
        let text = try Command.run(["ssh-keygen", "-l", "-f", key.privateFile]).text
        return String(text.split(separator: " ")[1])
    }

    func status() throws -> JSONValue {
        try JSONNode.parse(host.jitgate("status", "--json").output).value
    }

    /// The reason why each grant waits.
    func waitsFor() throws -> [String?] {
        let list = try JSONNode.parse(host.jitgate("list", "--json").output).value
        let waiting = (list["grants"]?.items ?? []).filter { $0["state"] == "waiting" }
        return waiting.map { $0["waits_for"]?.text }
    }

    func isStale() throws -> Bool { try status()["bulletin"]?["stale"] == true }

    func codes() throws -> [String] {
        (try status()["conditions"]?.items ?? []).compactMap { $0["code"]?.text }
    }

    func verifies() throws {
        let audit = try host.jitgate("audit", "verify")
        #expect(audit.status == 0, "\(audit.text)\(audit.errors)")
    }
}

@Suite struct `A bulletin` {
    @Test func `lets offers open while it is fresh, and makes them wait while it is not`() throws {
        let fleet = try BulletinHost(maxStaleness: "15m")
        try fleet.host.start()
        #expect(try fleet.isStale())
        #expect(try fleet.codes().contains("bulletin-stale"))
        try fleet.scene.offer(fleet.host.grant(), as: "a.grant")
        try eventually { try fleet.waitsFor() == ["bulletin"] }
        try fleet.offer(fleet.bulletin(age: 1000))
        try eventually { try fleet.status()["bulletin"]?["issued"]?.text != nil }
        #expect(try fleet.isStale())
        // Root's own file does not wait.
        let own = try fleet.host.grant(changes: [.init("sources", ["198.51.100.7"])])
        try fleet.host.submit(own, as: "own.grant")
        try eventually { try fleet.host.openings() == ["198.51.100.7 . tcp . 22"] }
        #expect(try fleet.host.jitgate("list").text.contains("waiting for a bulletin"))
        #expect(try fleet.host.jitgate("status").text.contains("stale"))
        try fleet.offer(fleet.bulletin())
        try eventually { try fleet.scene.isOpen() || fleet.host.openings().count == 2 }
        try eventually { try !fleet.codes().contains("bulletin-stale") }
        #expect(try fleet.waitsFor().isEmpty)
        // One that revokes nothing new leaves no record.
        #expect(try fleet.host.records("bulletin-accepted").isEmpty)
        #expect(try fleet.host.records("offers-refused").isEmpty)
        try fleet.verifies()
    }

    @Test func `becomes stale by itself, which shuts nothing, not even a restart`() throws {
        let fleet = try BulletinHost(maxStaleness: "15m")
        try fleet.host.start()
        try fleet.offer(fleet.bulletin(lasting: 12))
        try fleet.scene.offer(fleet.host.grant(), as: "a.grant")
        try eventually { try fleet.scene.isOpen() }
        try eventually { try fleet.codes().contains("bulletin-stale") }
        let other = try fleet.host.grant(changes: [.init("sources", ["198.51.100.7"])])
        try fleet.scene.offer(other, as: "b.grant")
        try eventually { try fleet.waitsFor() == ["bulletin"] }
        fleet.host.kill()
        try fleet.host.start()
        #expect(try fleet.scene.isOpen())
        try eventually { try fleet.waitsFor() == ["bulletin"] }
        #expect(try fleet.host.records("grant-closed").isEmpty)
        // A copy that root drops does not wait.
        try fleet.host.submit(other, as: "b.grant")
        try eventually { try fleet.host.openings().count == 2 }
        try fleet.verifies()
    }

    @Test func `shuts what a key signed, for good and over restarts, until root lifts that`() throws
    {
        let fleet = try BulletinHost()
        let host = fleet.host
        try host.start()
        try host.submit(host.grant(), as: "a.grant")
        let offered = try host.grant(changes: [.init("sources", ["198.51.100.7"])])
        try fleet.scene.offer(offered, as: "b.grant")
        try eventually { try host.openings().count == 2 }
        let key = try fleet.fingerprint(host.key)
        try fleet.offer(fleet.bulletin(keys: [key]))
        try eventually { try host.openings().isEmpty }
        try eventually { try host.records("grant-closed").count == 2 }
        #expect(try host.reasons("grant-closed") == ["key-revoked", "key-revoked"])
        let record = try #require(try host.records("bulletin-accepted").first)
        #expect(record["JITGATE_REVOKES"]?.text == "key:" + key)
        #expect(record["JITGATE_ACTOR"] == "signer:herald")
        // What it signs later counts no more, wherever it comes, and revokes nothing.
        try host.submit(host.grant(), as: "c.grant")
        try eventually { try host.records("grant-refused").count == 1 }
        #expect(try host.reasons("grant-refused")[0]?.hasPrefix("key-revoked: ") == true)
        try fleet.scene.offer(host.grant(), as: "d.grant")
        try eventually { try host.records("offers-refused").count == 1 }
        #expect(try host.reasons("offers-refused")[0]?.hasPrefix("key-revoked: ") == true)
        host.kill()
        try fleet.scene.withdraw("bulletin")
        try host.start()
        #expect(try host.openings().isEmpty)
        #expect(try fleet.status()["bulletin"]?["revoked_keys"] == 1)
        let bars = try host.jitgate("list", "--bars").text
        #expect(bars.contains(key))
        #expect(try host.jitgate("verify", host.drop + "/c.grant").text.contains("key-revoked"))
        // With a signature that counts the file is as good as without the other.
        let payload = host.payload(changes: [.init("sources", ["198.51.100.8"])])
        let both = try payload + host.key.sign(payload) + fleet.second.sign(payload)
        try host.submit(both, as: "e.grant")
        try eventually { try host.openings() == ["198.51.100.8 . tcp . 22"] }
        #expect(
            try host.jitgate(
                "unbar",
                "--key",
                "SHA256:" + String(repeating: "A", count: 43),
                "--reason",
                "x"
            ).status == 1
        )
        #expect(try host.jitgate("unbar", "--key", key, "--reason", "found").status == 0)
        try eventually { try fleet.scene.isOpen() || host.openings().count == 2 }
        // The bulletin of before does not revoke it again, and a later one does.
        try fleet.offer(fleet.bulletin(age: 60, keys: [key]))
        try fleet.scene.offer(
            host.grant(changes: [.init("sources", ["198.51.100.9"])]),
            as: "f.grant"
        )
        try eventually { try host.openings().contains("198.51.100.9 . tcp . 22") }
        try fleet.offer(fleet.bulletin(age: -2, keys: [key]))
        try eventually { try host.openings().isEmpty }
        #expect(try host.records("bulletin-accepted").count == 2)
        let accepted = try host.records("grant-accepted").count
        try eventually { try host.records("grant-closed").count == accepted }
        try fleet.verifies()
    }

    @Test func `of the key that signed it counts once`() throws {
        let fleet = try BulletinHost(maxStaleness: "15m")
        try fleet.host.start()
        try fleet.offer(fleet.bulletin(keys: [try fleet.fingerprint(fleet.herald)]))
        try eventually { try fleet.host.records("bulletin-accepted").count == 1 }
        #expect(try fleet.isStale())
        try fleet.offer(fleet.bulletin())
        try eventually { try fleet.host.records("offers-refused").count == 1 }
        #expect(try fleet.isStale())
        try fleet.offer(fleet.bulletin(by: fleet.second))
        try eventually { try !fleet.isStale() }
        try fleet.verifies()
    }

    @Test func `is on record before anything ends, and what it ends ends after a crash`() throws {
        let fleet = try BulletinHost()
        let host = fleet.host
        try host.start()
        let id = UUID()
        try host.submit(host.grant(), as: "a.grant")
        let offered = try host.grant(id: id, changes: [.init("sources", ["198.51.100.7"])])
        try fleet.scene.offer(offered, as: "b.grant")
        try eventually { try host.openings().count == 2 }
        host.kill()
        let key = try fleet.fingerprint(host.key)
        var number = 1
        while number < 40, try host.records("bulletin-accepted").isEmpty {
            let started = try host.records("agent-started").count
            let fault = ["LD_PRELOAD": AgentHost.faults, "FAULT": "commit:\(number):before"]
            try host.launch(environment: fault)
            try eventually {
                try !host.isRunning || host.records("agent-started").count > started
            }
            number += 1
            guard host.isRunning else { continue }
            try fleet.offer(fleet.bulletin(grants: [id], keys: [key]))
            try eventually { try !host.isRunning || host.openings().isEmpty }
        }
        #expect(host.wasKilled)
        #expect(try host.records("bulletin-accepted").count == 1)
        #expect(try host.records("grant-closed").isEmpty)
        #expect(try host.openings().count == 2)
        try fleet.scene.withdraw("bulletin")
        try host.start()
        #expect(try host.openings().isEmpty)
        try eventually { try host.records("grant-closed").count == 2 }
        #expect(try Set(host.reasons("grant-closed")) == ["key-revoked", "revoked"])
        try fleet.verifies()
    }
}

@Suite struct `An old or foreign bulletin` {
    @Test func `that is old still revokes, once, also what never came`() throws {
        let fleet = try BulletinHost(maxStaleness: "15m")
        let host = fleet.host
        try host.start()
        try fleet.offer(fleet.bulletin())
        let (open, unseen) = (UUID(), UUID())
        try fleet.scene.offer(host.grant(id: open), as: "a.grant")
        try eventually { try fleet.scene.isOpen() }
        let old = try fleet.bulletin(age: 86_400, lasting: 60, grants: [open, unseen])
        try fleet.offer(old)
        try eventually { try host.openings().isEmpty }
        try eventually { try host.reasons("grant-closed") == ["revoked"] }
        #expect(try !fleet.isStale())
        let later = try host.grant(id: unseen, changes: [.init("sources", ["198.51.100.7"])])
        try fleet.scene.offer(later, as: "b.grant")
        try host.submit(later, as: "b.grant")
        try eventually { try host.reasons("grant-refused").count == 1 }
        try fleet.offer(fleet.bulletin(grants: [open, unseen]))
        try fleet.offer(old)
        host.kill()
        try host.start()
        try fleet.offer(fleet.bulletin(grants: [unseen]))
        try eventually { try !fleet.isStale() }
        try fleet.scene.offer(later, as: "c.grant")
        try fleet.scene.offerProbe()
        #expect(try host.openings() == ["198.51.100.9 . tcp . 22"])
        #expect(try host.records("bulletin-accepted").count == 1)
        try fleet.verifies()
    }

    @Test func `is refused and counted, as is what is none`() throws {
        let fleet = try BulletinHost(maxStaleness: "15m")
        let host = fleet.host
        try host.start()
        try host.submit(host.grant(), as: "a.grant")
        try eventually { try fleet.scene.isOpen() }
        let key = try fleet.fingerprint(host.key)
        try fleet.offer(fleet.bulletin("test", keys: [key]))
        try eventually { try fleet.scene.refusedOffers() == 1 }
        #expect(try host.reasons("offers-refused")[0]?.hasPrefix("fleet: ") == true)
        let unsigned = Array(try fleet.bulletin(keys: [key]).prefix(120)) + [10]
        try fleet.offer(unsigned)
        try fleet.offer(fleet.bulletin(keys: [key], by: host.key))
        // A good grant, under the name of a bulletin.
        try fleet.offer(host.grant(changes: [.init("sources", ["198.51.100.7"])]))
        try fleet.offer(fleet.bulletin())
        try eventually { try !fleet.isStale() }
        #expect(try host.openings() == ["192.0.2.7 . tcp . 22"])
        #expect(try host.records("bulletin-accepted").isEmpty)
        // One from too far ahead waits for its time, and the one of now stays.
        try fleet.offer(fleet.bulletin(age: -3600))
        try fleet.scene.offerProbe()
        #expect(try !fleet.isStale())
        try fleet.verifies()
    }

    @Test func `is passed over where policy names no fleet`() throws {
        let fleet = try BulletinHost()
        let host = fleet.host
        try host.edit { $0.replacing("[freshness]\nfleet = \"prod\"\n", with: "") }
        try host.start()
        try fleet.offer(fleet.bulletin(keys: [try fleet.fingerprint(host.key)]))
        try fleet.scene.offerProbe()
        #expect(try host.records("offers-refused").isEmpty)
        #expect(try fleet.status()["bulletin"] == .null)
    }

    @Test func `of more keys than a host keeps ends what they signed, and it is said`() throws {
        let fleet = try BulletinHost()
        let host = fleet.host
        try host.start()
        try host.submit(host.grant(), as: "a.grant")
        try eventually { try fleet.scene.isOpen() }
        for part in 0..<10 {
            let keys = (part * 1000..<(part + 1) * 1000).map { number in
                let digits = String(number)
                let zeros = String(repeating: "0", count: 42 - digits.count)
                return "SHA256:\(zeros)\(digits)A"
            }
            try fleet.offer(fleet.bulletin(keys: keys))
            try eventually { try host.records("bulletin-accepted").count == part + 1 }
        }
        #expect(try fleet.scene.isOpen())
        #expect(try !fleet.codes().contains("revoked-keys-full"))
        let key = try fleet.fingerprint(host.key)
        try fleet.offer(fleet.bulletin(keys: [key]))
        try eventually { try host.openings().isEmpty }
        try eventually { try fleet.codes().contains("revoked-keys-full") }
        let record = try #require(try host.records("bulletin-accepted").last)
        #expect(record["JITGATE_REASON"]?.text?.hasPrefix("keys-full: ") == true)
        try fleet.offer(fleet.bulletin(keys: [key]))
        try host.submit(host.grant(), as: "b.grant")
        try eventually { try host.records("grant-refused").count == 1 }
        #expect(try host.records("bulletin-accepted").count == 11)
        try fleet.verifies()
    }
}
