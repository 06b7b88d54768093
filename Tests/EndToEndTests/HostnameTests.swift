import Foundation
import StrictJSON
import TestSupport
import Testing

/// A host whose name is the system's, in a namespace of its own.
private struct NamedHost {
    let host: AgentHost

    init(named name: String) throws {
        host = try AgentHost()
        try host.edit { $0.replacing("hostname = \"web-1\"\n", with: "") }
        let words = ["unshare", "--uts", "sh", "-c", "hostname \(name); exec \"$@\"", "sh"]
        try host.launch(through: words)
        try eventually { try host.records("agent-started").count == 1 }
    }

    func rename(to name: String) throws {
        let process = try #require(host.agent).processIdentifier
        let words = ["nsenter", "--uts", "--target", "\(process)", "hostname", name]
        #expect(try Command.run(words).status == 0)
    }
}

@Suite struct `A host that gets another name` {
    @Test func `takes grants for that one from then on`() throws {
        let scene = try NamedHost(named: "localhost")
        let host = scene.host
        try host.submit(host.grant(), as: "early.grant")
        try eventually { try host.records("grant-refused").count == 1 }
        try scene.rename(to: "web-1")
        try host.submit(host.grant(), as: "late.grant")
        try eventually { try host.records("grant-opened").count == 2 }
        let opened = try host.records("grant-opened").map { $0["_HOSTNAME"]?.text }
        #expect(opened == ["web-1", "web-1"])
        let verified = try host.jitgate("audit", "verify")
        #expect(verified.status == 0, "\(verified.text)")
    }

    @Test func `holds what is open to it by a reload`() throws {
        let scene = try NamedHost(named: "web-1")
        let host = scene.host
        try host.submit(host.grant(), as: "a.grant")
        try eventually { try host.openings().count == 1 }
        try scene.rename(to: "db-1")
        #expect(try host.jitgate("reload").status == 0)
        try eventually { try host.reasons("grant-closed") == ["policy"] }
        #expect(try host.openings().isEmpty)
    }
}
