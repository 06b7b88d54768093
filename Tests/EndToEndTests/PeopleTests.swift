import Foundation
import StrictJSON
import TestSupport
import Testing

@Suite struct `People to the agent` {
    private func name(_ record: JSONValue) throws -> String {
        let file = try #require(record["JITGATE_FILE"]?.text)
        return URL(filePath: file).deletingPathExtension().lastPathComponent
    }

    @Test func `are told apart as jitgate verify and jitgate audit verify tell them apart`() throws
    {
        let host = try AgentHost(
            policy: GrantVector.peoplePolicy,
            signers: GrantVector.peopleSigners
        )
        try host.edit(GrantVector.policy)
        try host.start()
        for vector in GrantVector.people { try host.submit(vector.bytes, as: "\(vector).grant") }
        let good = GrantVector.people.filter(\.refusals.isEmpty)
        let bad = GrantVector.people.filter { !$0.refusals.isEmpty }
        try eventually { try host.records("grant-refused").count == bad.count }
        try eventually { try host.records("grant-opened").count == good.count }
        #expect(try Set(host.records("grant-opened").map(name)) == Set(good.map(\.name)))
        for record in try host.records("grant-refused") {
            let vector = try #require(bad.first { $0.name == (try? name(record)) })
            let reason = try #require(record["JITGATE_REASON"]?.text)
            #expect(reason.hasPrefix("\(vector.refusals[0]): "), "\(vector): \(reason)")
        }
        let loaded = try #require(try host.records("policy-loaded").first)
        #expect(loaded["JITGATE_RULES"] == "4")
        let verified = try host.jitgate("audit", "verify")
        #expect(verified.status == 0, "\(verified.text)")
        #expect(!verified.text.contains("earlier rules"))
    }

    @Test func `who would wait for longer than max_wait are refused`() throws {
        let host = try AgentHost()
        try host.edit { $0.replacing("[grants]", with: "[grants]\nmax_wait = \"1h\"") }
        try host.start()
        let hour: [JSONValue.Member] = [.init("duration", "1h")]
        try host.submit(host.grant(lasting: 4 * 3600 + 60, changes: hour), as: "long.grant")
        try eventually { try host.records("grant-refused").count == 1 }
        let reason = try #require(try host.reasons("grant-refused").first ?? nil)
        #expect(reason.hasPrefix("max-wait: expires: "))
        try host.submit(host.grant(lasting: 4 * 3600 - 60, changes: hour), as: "short.grant")
        try eventually { try host.records("grant-opened").count == 1 }
        #expect(try host.jitgate("audit", "verify").status == 0)
    }
}
