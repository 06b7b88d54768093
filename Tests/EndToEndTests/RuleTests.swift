import Foundation
import StrictJSON
import TestSupport
import Testing

@Suite struct `Narrower rules to the agent` {
    private func name(_ record: JSONValue) throws -> String {
        let file = try #require(record["JITGATE_FILE"]?.text)
        return URL(filePath: file).deletingPathExtension().lastPathComponent
    }

    @Test func `mean what they mean to jitgate verify and jitgate audit verify`() throws {
        let host = try AgentHost(policy: GrantVector.rulesPolicy, signers: GrantVector.rulesSigners)
        try host.edit(GrantVector.policy)
        try host.start()
        for vector in GrantVector.rules { try host.submit(vector.bytes, as: "\(vector).grant") }
        let good = GrantVector.rules.filter(\.refusals.isEmpty)
        let bad = GrantVector.rules.filter { !$0.refusals.isEmpty }
        try eventually { try host.records("grant-refused").count == bad.count }
        try eventually { try host.records("grant-opened").count == good.count }
        #expect(try Set(host.records("grant-opened").map(name)) == Set(good.map(\.name)))
        for record in try host.records("grant-accepted") {
            let vector = try #require(good.first { $0.name == (try? name(record)) })
            let value = record["JITGATE_APPROVERS"]
            #expect((value?.text.map { [$0] } ?? []) == vector.approvers, "\(vector)")
        }
        for record in try host.records("grant-refused") {
            let vector = try #require(bad.first { $0.name == (try? name(record)) })
            let reason = try #require(record["JITGATE_REASON"]?.text)
            #expect(reason.hasPrefix("\(vector.refusals[0]): "), "\(vector): \(reason)")
        }
        let verified = try host.jitgate("audit", "verify")
        #expect(verified.status == 0, "\(verified.text)")
    }

    @Test func `have a ticket on each record of its grant`() throws {
        let host = try AgentHost()
        try host.edit { $0 + "\n[defaults]\nrequire_ticket = [\"INC-*\"]\n" }
        try host.start()
        let ticket: [JSONValue.Member] = [.init("ticket", "INC-4211")]
        try host.submit(host.grant(changes: ticket), as: "ticket.grant")
        try host.submit(host.grant(), as: "none.grant")
        try eventually { try host.records("grant-opened").count == 1 }
        try eventually { try host.records("grant-refused").count == 1 }
        try host.remove("ticket.grant")
        try eventually { try host.records("grant-closed").count == 1 }
        for event in ["grant-accepted", "grant-opened", "grant-closed"] {
            #expect(try host.records(event).map { $0["JITGATE_TICKET"] } == ["INC-4211"])
        }
        let reason = try #require(try host.reasons("grant-refused").first ?? nil)
        #expect(reason.hasPrefix("ticket: ticket: 22/tcp needs one; it must match \"INC-*\""))
        #expect(try host.jitgate("audit", "verify").status == 0)
    }

    @Test func `close what a host's new labels no longer let in`() throws {
        let host = try AgentHost(policy: "[host]\nlabels = { env = \"prod\", role = \"db\" }\n")
        try host.start()
        let hosts: [JSONValue.Member] = [.init("hosts", ["label:env=prod,role=db"])]
        try host.submit(host.grant(changes: hosts), as: "label.grant")
        try eventually { try host.openings() == ["192.0.2.7 . tcp . 22"] }
        try host.edit { $0.replacing("role = \"db\"", with: "role = \"web\"") }
        #expect(try host.jitgate("reload").status == 0)
        try eventually { try host.openings().isEmpty }
        try eventually { try host.reasons("grant-closed") == ["policy"] }
        #expect(try host.jitgate("audit", "verify").status == 0)
    }
}
