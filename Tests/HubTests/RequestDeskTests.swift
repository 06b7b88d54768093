import Depot
import Grants
import HubStorage
import Requests
import Signatures
import StrictJSON
import Synchronization
import TestSupport
import Testing

@testable import Hub

@Suite struct `The desk of requests` {
    private let scene: RequestScene
    private let desk: RequestDesk
    private let grant = Grant.request()
    private let other: GrantID = "11111111-2222-4333-8444-555555555555"

    init() async throws {
        scene = try await RequestScene([
            ("dana", "jitgate-request"), ("ops-bob", RequestScene.everything),
            ("sec-ann", RequestScene.everything), ("eve", "jitgate-request"),
        ])
        desk = scene.desk(perPerson: 2)
        try scene.report(["web-1": 1, "web-2": 2])
    }

    private func error<Value>(
        of body: () async throws -> Value
    ) async -> RequestError? {
        do {
            _ = try await body()
            return nil
        } catch {
            return error as? RequestError
        }
    }

    private func state(_ id: GrantID) async throws -> String? {
        await desk.views.document(of: try await desk.find(id))["state"]?.text
    }

    // MARK: asking

    @Test func `takes a request once, and tells another one with its id`() async throws {
        let (stored, isNew) = try await desk.ask(signed: scene.asking(grant))
        #expect(isNew)
        #expect(stored.request.askedBy == "dana" && stored.request.isSigned)
        #expect(stored.signatures.map(\.namespace) == ["jitgate-request"])
        let (same, isNewAgain) = try await desk.ask(signed: scene.asking(grant))
        #expect(!isNewAgain)
        #expect(same == stored)
        let wider = Grant.request(sources: ["192.0.2.0/24"])
        #expect(await error { try await desk.ask(signed: scene.asking(wider)) } == .idTaken)
        #expect(try await scene.events() == ["asked"])
    }

    @Test func `refuses at once what no host would take`() async throws {
        let wide = Grant.request(sources: ["192.0.0.0/16"])
        guard
            case .refused(let hosts) = await error(of: {
                try await desk.ask(signed: scene.asking(wide))
            })
        else {
            return #expect(Bool(false), "it is refused")
        }
        #expect(hosts.map(\.host.description) == ["web-1"])
        #expect(hosts[0].refusalJSON?["refuses"]?["code"] == "widest-source")
        #expect(await error { try await desk.find(wide.id) } == .notFound)
        #expect(try await scene.events().isEmpty)
    }

    @Test func `takes no unsigned, strange, expired or malformed request`() async throws {
        let payload = grant.payload()
        for file in [
            payload, payload + (try scene.approval(of: grant, by: "ops-bob")),
            payload + (try SSHKey().sign(payload, namespace: "jitgate-request")),
        ] {
            guard case .notSigned = await error(of: { try await desk.ask(signed: file) }) else {
                return #expect(Bool(false), "it is not signed")
            }
        }
        let old = Grant.request(expires: "2026-12-01T10:00:00Z")
        guard case .over = await error(of: { try await desk.ask(signed: scene.asking(old)) }) else {
            return #expect(Bool(false), "it is over")
        }
        let text = Array("{\"jitgate\": \"grant/1\"}\n".utf8)
        guard case .malformed = await error(of: { try await desk.ask(text, by: "dana") }) else {
            return #expect(Bool(false), "it is malformed")
        }
    }

    @Test func `lets a person have so many requests that wait`() async throws {
        let ids: [GrantID] = [grant.id, other, "22222222-2222-4333-8444-555555555555"]
        for id in ids.prefix(2) {
            _ = try await desk.ask(signed: scene.asking(.request(["web-2"], id: id)))
        }
        let third = Grant.request(["web-2"], id: ids[2])
        let refusal = await error { try await desk.ask(signed: scene.asking(third)) }
        #expect(refusal == .tooManyRequests(2))
        // A repetition is none more, and another person has room.
        let first = Grant.request(["web-2"], id: ids[0])
        #expect(try await !desk.ask(signed: scene.asking(first)).isNew)
        #expect(try await desk.ask(signed: scene.asking(third, by: "eve")).isNew)
    }

    @Test func `opens at once by an approval that comes with the request`() async throws {
        let file = try scene.asking(grant) + scene.approval(of: grant, by: "ops-bob")
        let (stored, _) = try await desk.ask(signed: file)
        #expect(stored.state == .published)
        #expect(try await scene.lines(of: "web-1").count == 1)
    }

    @Test func `shows what a person without a key asks as unsigned`() async throws {
        let (stored, _) = try await desk.ask(grant.payload(), by: "pat")
        #expect(!stored.request.isSigned && stored.signatures.isEmpty)
        guard case .notSigned = await error(of: { try await desk.files.file(of: grant.id) }) else {
            return #expect(Bool(false), "there is no file yet")
        }
        let signed = try await desk.sign(grant.id, scene.approval(of: grant, by: "ops-bob"))
        #expect(signed.state == .published)
    }

    // MARK: approving

    @Test func `publishes to each host as its rules are met`() async throws {
        let both = Grant.request(["web-1", "web-2"])
        _ = try await desk.ask(signed: scene.asking(both))
        let one = try await desk.sign(both.id, scene.approval(of: both, by: "ops-bob"))
        #expect(one.publications.map(\.shelf.description) == ["web-1"])
        let document = await desk.views.document(of: one)
        #expect(document["state"] == "published")
        #expect(document["outlook"]?.items?.map { $0["needs"] } == [0, 1])
        scene.pass(.seconds(1))
        let two = try await desk.sign(both.id, scene.approval(of: both, by: "sec-ann"))
        #expect(two.publications.map(\.shelf.description) == ["web-1", "web-2"])
        // The host that has not opened it gets the file with all signatures, in place of the other.
        let file = try await desk.files.file(of: both.id)
        let line = "\(FileDigest.sha256(of: file))  \(both.id).grant"
        #expect(try await scene.lines(of: "web-1") == [line])
        #expect(try await scene.lines(of: "web-2") == [line])
        let verified = try desk.verifier().verify(file, at: scene.now)
        #expect(verified.approvals.map(\.principal) == ["ops-bob", "sec-ann"])
        #expect(
            try await scene.events() == ["asked", "signed", "published", "signed", "published"]
        )
    }

    @Test func `takes a signature once, and one of a key`() async throws {
        _ = try await desk.ask(signed: scene.asking(.request(["web-2"])))
        let grant = Grant.request(["web-2"])
        let armor = try scene.approval(of: grant, by: "ops-bob")
        let first = try await desk.sign(grant.id, armor)
        let second = try await desk.sign(grant.id, armor)
        #expect(first == second)
        #expect(second.signatures.count == 2)
        #expect(try await scene.events() == ["asked", "signed"])
    }

    @Test func `takes no signature by others, over other bytes, or of those who do not ask`()
        async throws
    {
        _ = try await desk.ask(signed: scene.asking(grant))
        let wider = Grant.request(sources: ["192.0.2.0/24"])
        for armor in [
            try scene.approval(of: wider, by: "ops-bob"), try scene.approval(of: grant, by: "eve"),
            Array("no signature\n".utf8),
        ] {
            guard case .notSigned = await error(of: { try await desk.sign(grant.id, armor) }) else {
                return #expect(Bool(false), "it does not count")
            }
        }
        let request = try scene.sign(grant.payload(), by: "eve", for: "jitgate-request")
        guard case .notAllowed = await error(of: { try await desk.sign(grant.id, request) }) else {
            return #expect(Bool(false), "eve does not ask")
        }
        #expect(try await state(grant.id) == "pending")
    }

    @Test func `publishes when a host comes to ask for less`() async throws {
        let grant = Grant.request(["web-2"])
        _ = try await desk.ask(signed: scene.asking(grant))
        _ = try await desk.sign(grant.id, scene.approval(of: grant, by: "ops-bob"))
        try await desk.publication.reconsiderAll()
        #expect(try await state(grant.id) == "pending")
        try scene.report(["web-2": 1])
        #expect(try await state(grant.id) == "approved")
        try await desk.publication.reconsiderAll()
        try await desk.publication.reconsiderAll()
        #expect(try await state(grant.id) == "published")
        #expect(try await scene.events() == ["asked", "signed", "published"])
    }

    @Test func `counts no signature of somebody who has left`() async throws {
        let grant = Grant.request(["web-2"])
        _ = try await desk.ask(signed: scene.asking(grant))
        _ = try await desk.sign(grant.id, scene.approval(of: grant, by: "ops-bob"))
        scene.circumstances.withLock { $0.lines["ops-bob"] = nil }
        let later = try await desk.sign(grant.id, scene.approval(of: grant, by: "sec-ann"))
        #expect(later.state == .pending)
        let document = await desk.views.document(of: later)
        #expect(document["outlook"]?.items?.first?["needs"] == 1)
        #expect(document["signatures"]?.items?.compactMap { $0["problem"]?.text }.count == 1)
    }

    // MARK: deciding

    @Test func `ends a request by the first decision`() async throws {
        _ = try await desk.ask(signed: scene.asking(grant))
        let denial = try scene.decision(.deny, of: grant, by: "ops-bob")
        let denied = try await desk.decide(grant.id, signed: denial)
        #expect(denied.state == .denied)
        #expect(denied.decision?.by == "ops-bob" && denied.decision?.file == denial)
        #expect(try await desk.decide(grant.id, signed: denial).state == .denied)
        let withdrawal = await error {
            try await desk.withdraw(grant.id, reason: "late", by: "dana", key: "")
        }
        #expect(withdrawal == .decided(.denied))
        let armor = try scene.approval(of: grant, by: "sec-ann")
        #expect(await error { try await desk.sign(grant.id, armor) } == .decided(.denied))
        #expect(try await scene.events() == ["asked", "denied"])
        #expect(try await scene.lines(of: "web-1").isEmpty)
    }

    @Test func `lets people withdraw what is their own`() async throws {
        _ = try await desk.ask(signed: scene.asking(grant))
        guard
            case .notAllowed = await error(of: {
                try await desk.withdraw(grant.id, reason: "x", by: "eve", key: "")
            })
        else { return #expect(Bool(false), "it is not hers") }
        let strange = try scene.decision(.withdraw, of: grant, by: "sec-ann")
        guard
            case .notAllowed = await error(of: { try await desk.decide(grant.id, signed: strange) })
        else { return #expect(Bool(false), "she has not signed it") }
        let gone = try await desk.withdraw(grant.id, reason: "done", by: "Dana", key: "")
        #expect(gone.state == .withdrawn)
        #expect(gone.decision?.file == nil)
        #expect(await desk.views.document(of: gone)["decision"]?["is_signed"] == false)
    }

    @Test func `takes no decision about other bytes, or what is published`() async throws {
        _ = try await desk.ask(signed: scene.asking(grant))
        let other = Grant.request(sources: ["192.0.2.0/24"])
        let denial = try scene.decision(.deny, of: other, by: "ops-bob")
        guard case .malformed = await error(of: { try await desk.decide(grant.id, signed: denial) })
        else { return #expect(Bool(false), "it is about other bytes") }
        let silent = try scene.decision(.deny, of: grant, by: "ops-bob").dropLast(300)
        guard
            case .notSigned = await error(of: {
                try await desk.decide(grant.id, signed: Array(silent))
            })
        else { return #expect(Bool(false), "it is cut off") }
        _ = try await desk.sign(grant.id, scene.approval(of: grant, by: "ops-bob"))
        let late = try scene.decision(.deny, of: grant, by: "sec-ann")
        #expect(
            await error { try await desk.decide(grant.id, signed: late) } == .decided(.published)
        )
    }

    @Test func `has requests lapse that nobody answers`() async throws {
        let short = Grant.request(["web-2"], expires: "2026-12-01T11:00:00Z")
        let long = Grant.request(["web-2"], id: other, expires: "2026-12-03T10:00:00Z")
        _ = try await desk.ask(signed: scene.asking(short))
        _ = try await desk.ask(signed: scene.asking(long))
        #expect(try await desk.lapsing.lapseDue() == short.expires)
        scene.pass(.seconds(3600))
        #expect(try await state(short.id) == "lapsed", "before anybody has noted it")
        #expect(try await desk.lapsing.lapseDue() == "2026-12-02T10:00:00Z")
        #expect(try await desk.find(short.id).state == .lapsed)
        let armor = try scene.approval(of: short, by: "ops-bob")
        guard case .over = await error(of: { try await desk.sign(short.id, armor) }) else {
            return #expect(Bool(false), "it is over")
        }
        scene.pass(.seconds(86_400))
        #expect(try await desk.lapsing.lapseDue() == nil)
        #expect(try await scene.events() == ["asked", "asked", "lapsed", "lapsed"])
    }
}
