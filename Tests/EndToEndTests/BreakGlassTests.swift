import Conditions
import Foundation
import StrictJSON
import TestSupport
import Testing

/// A host that asks for two approvals and another person than the requestor, and on which dana may do
/// without, for an hour of 22/tcp.
private final class Scene {
    static let policy = """
        [defaults]
        approvals = 2
        separate_requestor = true
        max_duration = "3h"
        [[port]]
        number = 22
        protocol = "tcp"
        [[port]]
        number = 3389
        protocol = "tcp"
        [[approver]]
        signers = ["dana"]
        ports = ["22/tcp"]
        max_duration = "1h"
        alarm = true
        """

    let host: AgentHost
    let lead: SSHKey
    let peer: SSHKey

    init() throws {
        lead = try SSHKey()
        peer = try SSHKey()
        host = try AgentHost(
            policy: Self.policy,
            signers: """
                lead namespaces="jitgate-grant,jitgate-review" \(lead.publicLine)
                peer \(peer.publicLine)
                """
        )
        let line = "dana namespaces=\"jitgate-grant,jitgate-review\" \(try host.key.publicLine)\n"
        let signers = try String(contentsOfFile: host.path + "/allowed_signers", encoding: .utf8)
        let others = signers.split(separator: "\n").dropFirst().map { $0 + "\n" }.joined()
        try host.write(line + others, to: "allowed_signers")
        try host.start()
    }

    /// The payload of a review of a grant.
    func payload(_ id: UUID, _ outcome: String = "justified") -> [UInt8] {
        let value: JSONValue = [
            "jitgate": "review/1", "grant": .string(id.uuidString.lowercased()), "hosts": ["web-*"],
            "outcome": .string(outcome), "reason": "database down",
        ]
        return value.encoded() + [UInt8(ascii: "\n")]
    }

    func review(_ id: UUID, by key: SSHKey) throws -> [UInt8] {
        let payload = payload(id)
        return try payload + key.sign(payload, namespace: "jitgate-review")
    }

    /// The subjects of the condition.
    func unreviewed() throws -> [String] {
        let status = try JSONNode.parse(host.jitgate("status", "--json").output).value
        let conditions = try (status["conditions"]?.items ?? []).map { try #require(Condition($0)) }
        return conditions.filter { $0.code == "break-glass" && $0.severity == .warning }
            .map(\.subject)
    }

    func events() throws -> [String] {
        try host.records().compactMap { $0["JITGATE_EVENT"]?.text }
    }

    func open(_ id: UUID, lasting seconds: Double = 600) throws {
        try host.submit(host.grant(id: id, lasting: seconds), as: "\(id).grant")
        // The record is on the disk before the kernel has the rule.
        try eventually { try !host.openings().isEmpty }
    }
}

@Suite struct `A break-glass grant` {
    @Test func `opens with one signature of two, loudly, until somebody else has reviewed it`()
        throws
    {
        let scene = try Scene()
        let (host, id) = (scene.host, UUID())
        let name = id.uuidString.lowercased()
        try scene.open(id)
        #expect(try host.openings() == ["192.0.2.7 . tcp . 22"])
        let alarm = try #require(try host.records("break-glass-opened").first)
        #expect(alarm["PRIORITY"] == "1")
        #expect(alarm["JITGATE_GRANT"]?.text == name)
        #expect(alarm["JITGATE_BREAK_GLASS"] == "1 dana")
        // In the same write, before the opening.
        let opening = try #require(try host.records("grant-opened").first)
        #expect(alarm["__REALTIME_TIMESTAMP"] == opening["__REALTIME_TIMESTAMP"])
        let events = try scene.events()
        #expect(
            events.firstIndex(of: "break-glass-opened").map { $0 + 1 }
                == events.firstIndex(of: "grant-opened")
        )
        #expect(try scene.unreviewed() == [name])
        // It has ended, the agent has died, and nobody has reviewed it.
        try host.remove("\(id).grant")
        try eventually { try host.records("grant-closed").count == 1 }
        host.kill()
        try host.start()
        #expect(try scene.unreviewed() == [name])
        let list = try JSONNode.parse(host.jitgate("list", "--json").output).value
        let grant = try #require(list["grants"]?.items?.first)
        #expect(grant["state"] == "ended" && grant["break_glass"] == "unreviewed")
        // The requestor is no reviewer.
        try host.submit(scene.review(id, by: host.key), as: "own.grant")
        try eventually { try host.records("grant-refused").count == 1 }
        let reason = try #require(try host.reasons("grant-refused").first ?? nil)
        #expect(reason.hasPrefix("review: signatures: \"dana\""), "\(reason)")
        #expect(try scene.unreviewed() == [name])

        try host.submit(scene.review(id, by: scene.lead), as: "review.grant")
        try eventually { try host.records("review-accepted").count == 1 }
        let review = try #require(try host.records("review-accepted").first)
        #expect(review["JITGATE_ACTOR"] == "signer:lead")
        #expect(review["JITGATE_OUTCOME"] == "justified")
        #expect(try scene.unreviewed().isEmpty)
        let file = host.drop + "/review.grant"
        try eventually { !FileManager.default.fileExists(atPath: file) }
        // So it stays after a stop that saves a snapshot, and after a start that reads it.
        host.stop()
        try host.start()
        #expect(try scene.unreviewed().isEmpty)
        let verified = try host.jitgate("audit", "verify")
        #expect(verified.status == 0, "\(verified.text)")
    }

    @Test func `is shown as one by verify, list and the report`() throws {
        let scene = try Scene()
        let (host, id) = (scene.host, UUID())
        let grant = try host.grant(id: id)
        try Data(grant).write(to: URL(fileURLWithPath: host.path + "/g.grant"))
        let verified = try host.jitgate("verify", host.path + "/g.grant")
        #expect(verified.text.contains("raises an alarm, as approver 1"), "\(verified.text)")
        #expect(verified.text.contains("this is a break-glass grant"))
        try scene.open(id)
        let list = try host.jitgate("list").text
        #expect(list.contains("open, break-glass unreviewed"), "\(list)")
        let text = try host.jitgate("audit", "report").text
        #expect(text.contains("by the alarm of approver 1 dana") && text.contains("not reviewed"))
        try host.submit(scene.review(id, by: scene.lead), as: "review.grant")
        try eventually { try host.records("review-accepted").count == 1 }
        #expect(try host.jitgate("list").text.contains("open, break-glass reviewed"))
        #expect(!(try host.jitgate("audit", "report").text.contains("not reviewed")))
    }

    @Test(
        arguments: [
            [.init("ports", ["3389/tcp"])], [.init("duration", "61m")],
            [.init("ports", ["22/tcp", "3389/tcp"])],
        ] as [[JSONValue.Member]]
    )
    func `does not open beyond the limits of its entry`(changes: [JSONValue.Member]) throws {
        let scene = try Scene()
        let grant = try scene.host.grant(lasting: 7200, changes: changes)
        try scene.host.submit(grant, as: "a.grant")
        try eventually { try scene.host.records("grant-refused").count == 1 }
        let reason = try #require(try scene.host.reasons("grant-refused").first ?? nil)
        #expect(reason.hasPrefix("approvals: "))
        #expect(try scene.host.openings().isEmpty)
        #expect(try scene.host.records("break-glass-opened").isEmpty)
    }

    @Test func `is none where enough people signed, and a later policy makes none of it`() throws {
        let scene = try Scene()
        let host = scene.host
        try host.edit {
            $0.replacing("separate_requestor = true", with: "separate_requestor = false")
        }
        #expect(try host.jitgate("reload").status == 0)
        let (payload, id) = (host.payload(), UUID())
        let both = try host.key.sign(payload) + scene.peer.sign(payload)
        try host.submit(payload + both, as: "two.grant")
        try eventually { try host.records("grant-opened").count == 1 }
        #expect(try host.records("break-glass-opened").isEmpty)
        #expect(try scene.unreviewed().isEmpty)
        try host.edit { $0.replacing("approvals = 2", with: "approvals = 3") }
        #expect(try host.jitgate("reload").status == 0)
        try eventually { try host.reasons("grant-closed") == ["policy"] }
        #expect(try host.records("break-glass-opened").isEmpty)
        // A new one is.
        try host.submit(host.grant(id: id), as: "new.grant")
        try eventually { try host.records("break-glass-opened").count == 1 }
        #expect(try host.jitgate("audit", "verify").status == 0)
    }

    @Test func `is reviewed by the file that jitgate review writes and jitgate sign signs`() throws
    {
        let scene = try Scene()
        let (host, id) = (scene.host, UUID())
        try scene.open(id)
        let name = id.uuidString.lowercased()
        let file = host.path + "/review.json"
        let written = try host.jitgate(
            "review",
            name,
            "--reason",
            "drill",
            "--outcome",
            "unjustified",
            "-o",
            file
        )
        #expect(written.status == 0, "\(written.text)")
        let signed = try host.jitgate("sign", file, "--key", scene.lead.privateFile)
        #expect(signed.status == 0, "\(signed.text)")
        let signedFile = host.path + "/review.grant"
        let verified = try host.jitgate("verify", signedFile)
        #expect(verified.status == 0 && verified.text.contains("take the grant as reviewed"))
        let submitted = try host.jitgate("submit", signedFile)
        #expect(submitted.status == 0, "\(submitted.text)")
        let record = try #require(try host.records("review-accepted").first)
        #expect(record["JITGATE_OUTCOME"] == "unjustified")
        #expect(record["JITGATE_COMMENT"] == "drill")
        // The same file once more changes nothing, and another one is refused.
        #expect(try host.jitgate("submit", signedFile).status == 0)
        try host.submit(scene.review(id, by: scene.lead), as: "again.grant")
        try eventually { try host.records("grant-refused").count == 1 }
        let reason = try #require(try host.reasons("grant-refused").first ?? nil)
        #expect(reason.hasPrefix("review: grant: another review"))
        #expect(try host.records("review-accepted").count == 1)
        let audit = try host.jitgate("audit", "verify")
        #expect(audit.status == 0, "\(audit.text)")
    }
}

@Suite struct `A review to the agent` {
    @Test func `is taken or refused as jitgate verify and jitgate audit verify say`() throws {
        let host = try AgentHost(
            policy: GrantVector.reviewPolicy,
            signers: GrantVector.reviewSigners
        )
        try host.edit(GrantVector.policy)
        try host.start()
        for name in ["emergency", "ordinary"] {
            try host.submit(GrantVector.reviewed(name), as: "\(name).grant")
        }
        try eventually { try host.records("grant-opened").count == 2 }
        #expect(try host.records("break-glass-opened").count == 1)
        let bad = GrantVector.reviews.filter { !$0.refusals.isEmpty && $0.predecessor == nil }
        for vector in bad { try host.submit(vector.bytes, as: "\(vector).grant") }
        try eventually { try host.records("grant-refused").count == bad.count }
        for record in try host.records("grant-refused") {
            let file = try #require(record["JITGATE_FILE"]?.text)
            let name = URL(filePath: file).deletingPathExtension().lastPathComponent
            let vector = try #require(bad.first { $0.name == name })
            let reason = try #require(record["JITGATE_REASON"]?.text)
            #expect(reason.hasPrefix("\(vector.refusals[0]): "), "\(vector): \(reason)")
        }
        #expect(try host.records("review-accepted").isEmpty)
        let good = try #require(GrantVector.reviews.first { $0.name == "by-two" })
        try host.submit(good.bytes, as: "good.grant")
        try eventually { try host.records("review-accepted").count == 1 }
        let again = GrantVector.reviews.filter { !$0.refusals.isEmpty && $0.predecessor != nil }
        for vector in again { try host.submit(vector.bytes, as: "\(vector).grant") }
        try eventually { try host.records("grant-refused").count == bad.count + again.count }
        #expect(try host.openings() == ["198.51.100.7 . tcp . 22"])
        let verified = try host.jitgate("audit", "verify")
        #expect(verified.status == 0, "\(verified.text)")
    }
}
