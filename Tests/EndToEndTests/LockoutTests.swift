import Foundation
import Grants
import StrictJSON
import TestSupport
import Testing

/// Revocations by people, keys and networks, and bars, in front of the real agent.
@Suite struct `A lockout` {
    private let host: AgentHost
    private let warden: SSHKey
    private let requestor: SSHKey

    init() throws {
        (warden, requestor) = (try SSHKey(), try SSHKey())
        let signers = """
            guard namespaces="jitgate-lockout,jitgate-revocation" \(try warden.publicLine)
            eve namespaces="jitgate-request" \(try requestor.publicLine)

            """
        host = try AgentHost(signers: signers)
        try host.start()
    }

    private func open(
        _ requestor: String = "dana",
        from source: String = "192.0.2.7/32"
    ) throws -> UUID {
        let id = UUID()
        let count = try host.records("grant-opened").count
        let changes: [JSONValue.Member] = [
            .init("requestor", .string(requestor)), .init("sources", [.string(source)]),
        ]
        try host.submit(host.grant(id: id, changes: changes), as: "\(id).grant")
        try eventually { try host.records("grant-opened").count == count + 1 }
        return id
    }

    private func order(
        _ members: [JSONValue.Member],
        kind: String = "revocation/1",
        by key: SSHKey? = nil,
        under namespace: String = "jitgate-lockout"
    ) throws -> [UInt8] {
        let all =
            [
                JSONValue.Member("jitgate", .string(kind)), .init("hosts", ["web-1"]),
                .init("reason", "laptop stolen"),
            ] + members
        let payload = JSONValue.object(all).encoded() + [UInt8(ascii: "\n")]
        return try payload + (key ?? warden).sign(payload, namespace: namespace)
    }

    private func closed() throws -> Set<String> {
        Set(try host.records("grant-closed").compactMap { $0["JITGATE_GRANT"]?.text })
    }

    private func isOpen() throws -> Bool { try host.openings().contains("192.0.2.7 . tcp . 22") }

    private func lower(_ ids: UUID...) -> Set<String> {
        Set(ids.map { $0.uuidString.lowercased() })
    }

    private func later(_ seconds: Double) -> JSONValue {
        let now = Int64((Date().timeIntervalSince1970 + seconds) * 1_000_000)
        return .string(Moment(microseconds: now).description)
    }

    private func verifies() throws {
        let verified = try host.jitgate("audit", "verify")
        #expect(verified.status == 0, "\(verified.text)")
    }

    @Test func `ends the grants of a person in any spelling, and no others`() throws {
        let (dana, other) = (try open("Dana@Example.com"), try open("erin@example.com"))
        try host.submit(order([.init("requestors", ["dana@*"])]), as: "r.grant")
        try eventually { try host.records("revocation-accepted").count == 1 }
        #expect(try closed() == lower(dana))
        #expect(try host.reasons("grant-closed") == ["revoked"])
        let record = try #require(try host.records("revocation-accepted").first)
        #expect(record["JITGATE_REVOKES"]?.text == "requestor:dana@*")
        #expect(record["JITGATE_ACTOR"]?.text == "signer:guard")
        let file = host.drop + "/r.grant"
        try eventually { !FileManager.default.fileExists(atPath: file) }
        // Without an end it is about what was there.
        _ = try open("Dana@Example.com")
        #expect(try !closed().contains(other.uuidString.lowercased()))
        try verifies()
    }

    @Test func `finds grants by signer, key and network`() throws {
        let first = try open()
        try host.submit(order([.init("signers", ["DANA"])]), as: "a.grant")
        try eventually { try closed() == lower(first) }
        let second = try open()
        try host.write("\(host.key.publicLine)\n", to: "key.pub")
        let key = try Command.run(["ssh-keygen", "-lf", host.path + "/key.pub"]).text
        let fingerprint = String(key.split(separator: " ")[1])
        try host.submit(order([.init("keys", [.string(fingerprint)])]), as: "b.grant")
        try eventually { try closed() == lower(first, second) }
        let (third, fourth) = (try open(from: "192.0.2.7/32"), try open(from: "198.51.100.7/32"))
        try host.submit(order([.init("sources", ["192.0.2.0/28"])]), as: "c.grant")
        try eventually { try closed() == lower(first, second, third) }
        try host.submit(order([.init("all", true)]), as: "d.grant")
        try eventually { try closed() == lower(first, second, third, fourth) }
        try verifies()
    }

    @Test func `bars until its end, over a restart and without its file`() throws {
        let id = try open("eve")
        let bar: [JSONValue.Member] = [
            .init("id", .string(UUID().uuidString)), .init("requestors", ["EVE"]),
            .init("until", later(3600)),
        ]
        let file = try order(bar)
        try host.submit(file, as: "bar.grant")
        try eventually { try closed() == lower(id) }
        host.kill()
        try? FileManager.default.removeItem(atPath: host.drop + "/bar.grant")
        try host.start()
        let eve: [JSONValue.Member] = [.init("requestor", "eve")]
        try host.submit(host.grant(changes: eve), as: "eve.grant")
        try eventually { try host.records("grant-refused").count == 1 }
        #expect(try host.reasons("grant-refused").first??.hasPrefix("barred: id: ") == true)
        _ = try open("dana")
        let listed = try JSONNode.parse(host.jitgate("list", "--bars", "--json").output)
        let name = try #require(listed.value["bars"]?.items?.first?["id"]?.text)
        #expect(try host.jitgate("unbar", name, "--reason", "found").status == 0)
        // The file that was refused is read again.
        try eventually { try host.records("grant-opened").count == 3 }
        // The same bar does not come again.
        try host.submit(file, as: "again.grant")
        try eventually { try host.records("grant-refused").count == 2 }
        #expect(try host.reasons("grant-refused").last??.hasPrefix("over: ") == true)
        #expect(try closed() == lower(id))
        try verifies()
    }

    @Test func `lasts seven days at most, and ends by itself`() throws {
        let far: [JSONValue.Member] = [
            .init("id", .string(UUID().uuidString)), .init("signers", ["x"]),
            .init("until", later(30 * 86_400)),
        ]
        try host.submit(order(far), as: "far.grant")
        try eventually { try host.records("revocation-accepted").count == 1 }
        let text = try #require(try host.records("revocation-accepted")[0]["JITGATE_UNTIL"]?.text)
        let until = try Moment(parsing: text)
        let now = Moment(microseconds: Int64(Date().timeIntervalSince1970 * 1_000_000))
        #expect(until <= now + .seconds(7 * 86_400) && until > now + .seconds(7 * 86_400 - 600))
        let near: [JSONValue.Member] = [
            .init("id", .string(UUID().uuidString)), .init("all", true), .init("until", later(2)),
        ]
        try host.submit(order(near), as: "near.grant")
        try eventually { try host.records("revocation-accepted").count == 2 }
        let grant = try host.grant()
        try eventually {
            try host.submit(grant, as: "g.grant")
            return try isOpen()
        }
        try verifies()
    }

    @Test func `is refused under a namespace that is not enough, and changes nothing`() throws {
        let id = try open("eve")
        let text = JSONValue.string(id.uuidString)
        let wide: [JSONValue.Member] = [.init("requestors", ["eve"])]
        try host.submit(order(wide, under: "jitgate-revocation"), as: "1.grant")
        try host.submit(order(wide, by: requestor, under: "jitgate-request"), as: "2.grant")
        let bar: [JSONValue.Member] = [
            .init("ids", [text]), .init("id", .string(UUID().uuidString)),
            .init("until", later(60)),
        ]
        try host.submit(order(bar, under: "jitgate-revocation"), as: "3.grant")
        let lift: [JSONValue.Member] = [.init("ids", [text])]
        try host.submit(order(lift, kind: "unbar/1", under: "jitgate-revocation"), as: "4.grant")
        try eventually { try host.records("grant-refused").count == 4 }
        let reasons = try host.reasons("grant-refused").compactMap(\.self)
        let codes = Set(reasons.map { $0.prefix { $0 != ":" } })
        #expect(codes == ["authority", "bad-value"])
        #expect(try isOpen() && closed().isEmpty)
    }

    @Test func `lets a requestor end a grant of their own alone`() throws {
        let (own, other) = (try open("Eve"), try open("dana"))
        let under = "jitgate-request"
        let foreign: [JSONValue.Member] = [.init("ids", [.string(other.uuidString)])]
        try host.submit(order(foreign, by: requestor, under: under), as: "1.grant")
        try eventually { try host.records("grant-refused").count == 1 }
        let mine: [JSONValue.Member] = [.init("ids", [.string(own.uuidString)])]
        try host.submit(order(mine, by: requestor, under: under), as: "2.grant")
        try eventually { try closed() == lower(own) }
        try verifies()
    }

    @Test func `by root's command is a bar without a file`() throws {
        let id = try open("eve")
        let answer = try host.jitgate(
            "revoke",
            "--requestor",
            "ev?",
            "--until",
            "1h",
            "--reason",
            "who is this",
            "--json"
        )
        let json = try JSONNode.parse(answer.output).value
        #expect(json["revoked"]?.items?.compactMap(\.text) == Array(lower(id)))
        let bar = try #require(json["bar"]?.text)
        let eve: [JSONValue.Member] = [.init("requestor", "eve")]
        try host.submit(host.grant(changes: eve), as: "eve.grant")
        try eventually { try host.records("grant-refused").count == 1 }
        host.kill()
        try host.start()
        let unbar: [JSONValue.Member] = [.init("ids", [.string(bar)])]
        try host.submit(order(unbar, kind: "unbar/1"), as: "u.grant")
        try eventually { try host.records("bar-lifted").count == 1 }
        #expect(try host.jitgate("reload").status == 0)
        try eventually { try isOpen() }
        #expect(try host.jitgate("unbar", bar, "--reason", "x").status == 1)
        try verifies()
    }
}
