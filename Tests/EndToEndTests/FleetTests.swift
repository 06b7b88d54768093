import Foundation
import StrictJSON
import TestSupport
import Testing

@Suite struct `A grant that is posted` {
    @Test func `opens at the host that it names, and its revocation closes`() throws {
        let scene = try FleetScene()
        try scene.host.start()
        let id = UUID()
        let posted = try scene.post(try scene.host.grant(id: id))
        #expect(posted.status == 0 && posted.text.hasPrefix("posted"), "\(posted.errors)")
        #expect(try !scene.isOpen())
        try scene.bring()
        try eventually { try scene.isOpen() }
        #expect(try scene.host.records("grant-accepted").first?["JITGATE_ORIGIN"] == "inbox")
        // A depot that is emptied closes nothing.
        let shelves = scene.depot.path + "/www/jitgate/shelves"
        try FileManager.default.removeItem(atPath: shelves)
        try scene.bring()
        #expect(try scene.isOpen())
        #expect(try scene.post(try scene.host.revocation(of: id)).status == 0)
        try scene.bring()
        try eventually { try scene.host.openings().isEmpty }
        #expect(try scene.host.reasons("grant-closed") == ["revoked"])
        let audit = try scene.host.jitgate("audit", "verify")
        #expect(audit.status == 0, "\(audit.text)")
    }
}

@Suite struct `A host that signs its status` {
    @Test func `is shown by its own key, with what is open, and a witness knows its log`() throws {
        let host = try AgentHost()
        try host.start()
        try host.submit(host.grant(), as: "a.grant")
        try eventually { try !host.openings().isEmpty }
        for directory in ["depot", "depot/status", "witness"] { try host.makeDirectory(directory) }
        let key = try host.jitgate("audit", "key").text
        try host.write("web-1 \(key)", to: "hosts")
        func fleet(_ words: String...) throws -> Command.Result {
            try host.write(try host.jitgate("attest").text, to: "depot/status/web-1")
            return try Command.run(
                [AgentHost.build + "jitgate-fleet"] + words + [
                    "--inventory", host.path + "/hosts", "--depot", host.path + "/depot",
                    "--witness", host.path + "/witness",
                ]
            )
        }
        #expect(try fleet("collect").text.contains("web-1: seen for the first time"))
        let status = try JSONNode.parse(fleet("status", "--json").output).value
        let shown = status["hosts"]?.items?.first
        #expect(shown?["state"] == "configured", "\(status)")
        #expect(shown?["status"]?["open"]?.items?.count == 1)
        #expect(try fleet("list").text.contains("192.0.2.7"))
        // A host that lost its key is not believed until the inventory has the new one.
        host.stop()
        try FileManager.default.removeItem(atPath: host.auditDirectory)
        try FileManager.default.removeItem(atPath: host.path + "/state")
        for directory in ["audit", "state"] { try host.makeDirectory(directory) }
        try host.start()
        #expect(try fleet("check").text.contains("unverified"))
    }
}
