import Foundation
import StrictJSON
import TestSupport
import Testing

@Suite struct `Bad input to the agent` {
    /// A host with a good grant open, where every predecessor of a vector is live.
    private func host() throws -> AgentHost {
        let host = try AgentHost(signers: GrantVector.allowedSigners)
        try host.edit(GrantVector.policy)
        try host.start()
        try host.submit(host.grant(lasting: 600), as: "open.grant")
        let names = Set(GrantVector.all.compactMap(\.predecessor))
        for vector in GrantVector.all where names.contains(vector.name) {
            try host.submit(vector.bytes, as: "\(vector).grant")
        }
        try eventually { try host.openings().count == names.count + 1 }
        return host
    }

    private func name(_ record: JSONValue) throws -> String {
        let file = try #require(record["JITGATE_FILE"]?.text)
        return URL(filePath: file).deletingPathExtension().lastPathComponent
    }

    @Test func `is refused with one record each and changes nothing that is open`() throws {
        let host = try host()
        let open = try host.openings()
        #expect(open.contains("192.0.2.7 . tcp . 22"))
        let bad = GrantVector.all.filter { !$0.refusals.isEmpty }
        try expectSameFromTheTool(bad, host)
        for vector in bad { try host.submit(vector.bytes, as: "\(vector).grant") }
        try eventually { try host.records("grant-refused").count >= bad.count }
        try expectOneRecordEach(bad, host)
        #expect(try host.openings() == open)
        #expect(try host.records("grant-closed").isEmpty)
        #expect(host.isRunning)

        host.kill()
        try host.start()
        #expect(try host.openings() == open)
        #expect(try host.records("grant-refused").count == bad.count, "refused once more")
        #expect(try host.records("grant-closed").isEmpty)
    }

    private func expectOneRecordEach(_ bad: [GrantVector], _ host: AgentHost) throws {
        let records = try host.records("grant-refused")
        #expect(records.count == bad.count)
        let byName = try Dictionary(grouping: records, by: name)
        for vector in bad {
            let record = try #require(byName[vector.name]?.first, "\(vector)")
            let reason = try #require(record["JITGATE_REASON"]?.text)
            #expect(reason.hasPrefix("\(vector.refusals[0]): "), "\(vector): \(reason)")
            if let field = vector.field { #expect(reason.contains(": \(field): ")) }
            let message = try #require(record["MESSAGE"]?.text)
            #expect(message.contains(host.drop + "/\(vector).grant: "))
            #expect(!message.unicodeScalars.contains { $0 == "\n" || $0 == "\u{1B}" })
        }
    }

    private func expectSameFromTheTool(_ bad: [GrantVector], _ host: AgentHost) throws {
        for vector in bad {
            let file = host.path + "/\(vector).grant"
            try Data(vector.bytes).write(to: URL(filePath: file))
        }
        let script = """
            for file in "$0"/*.grant; do
                "$1" verify --json --config "$0/jitgate.toml" "$file" >"$file.json"
                echo $?
            done
            """
        let tool = AgentHost.build + "jitgate"
        let statuses = try host.namespace.command("sh", "-c", script, host.path, tool)
        #expect(statuses == String(repeating: "1\n", count: bad.count))
        for vector in bad {
            let output = try Data(contentsOf: URL(filePath: host.path + "/\(vector).grant.json"))
            let checks = try JSONNode.parse(Array(output)).value["checks"]?.items ?? []
            let failed = checks.filter { $0["ok"] == false }
            #expect(failed.map { $0["code"]?.text } == vector.refusals, "\(vector)")
        }
    }

    @Test func `does not keep what is good from opening`() throws {
        let host = try host()
        let good = GrantVector.all.filter(\.refusals.isEmpty)
        for vector in GrantVector.all where vector.predecessor == nil {
            try host.submit(vector.bytes, as: "\(vector).grant")
        }
        let grants = good.filter { $0.name != "good-revocation" }
        try eventually { try host.records("grant-accepted").count == grants.count + 1 }
        try eventually { try host.records("grant-opened").count == grants.count }
        let names = try Set(host.records("grant-opened").map(name))
        #expect(Set(grants.map(\.name)).subtracting(names) == ["good-waits"])
        try eventually { try host.openings().contains("198.51.100.63 . tcp . 22") }
    }
}
