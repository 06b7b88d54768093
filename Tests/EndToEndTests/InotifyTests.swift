import Foundation
import StrictJSON
import TestSupport
import Testing

/// A host on which inotify has nothing left for the agent, while a file is there.
private struct CrowdedHost {
    let host: AgentHost
    private let full: String

    init(lacking what: String) throws {
        host = try AgentHost()
        full = host.path + "/full"
        try host.write("", to: "full")
        try host.launch(
            environment: ["LD_PRELOAD": AgentHost.faults, "INOTIFY_LACKS": "\(what):\(full)"]
        )
        try eventually { try host.records("agent-started").count == 1 }
    }

    func makeRoom() throws {
        try FileManager.default.removeItem(atPath: full)
    }

    var problems: [String] {
        get throws { try host.conditions() }
    }
}

@Suite struct `An agent for which inotify has no room` {
    @Test(arguments: ["instances": "max_user_instances", "watches": "max_user_watches"])
    func `looks at its directories by the clock until there is`(
        what: String,
        setting: String
    ) throws {
        let scene = try CrowdedHost(lacking: what)
        let host = scene.host
        let problem = try #require(try scene.problems.first)
        #expect(problem.hasPrefix("grant files are looked for every 5 s alone"))
        #expect(problem.contains("sysctl -w fs.inotify.\(setting)="))
        try host.submit(host.grant(), as: "a.grant")
        try eventually { try host.openings().count == 1 }
        try FileManager.default.removeItem(atPath: host.drop + "/a.grant")
        try eventually { try host.openings().isEmpty }
        #expect(try host.reasons("grant-closed") == ["removed"])
        try scene.makeRoom()
        try eventually { try scene.problems.isEmpty }
        try host.submit(host.grant(), as: "b.grant")
        try eventually { try host.openings().count == 1 }
    }

    @Test func `hears of other signers, and of a directory that comes and goes`() throws {
        let scene = try CrowdedHost(lacking: "watches")
        let host = scene.host
        try host.submit(host.grant(), as: "a.grant")
        try eventually { try host.openings().count == 1 }
        unsafe #expect(rename(host.drop, host.path + "/away") == 0)
        try eventually { try host.openings().isEmpty }
        #expect(try scene.problems.contains { $0.hasPrefix("\(host.drop) does not exist") })
        try host.makeDirectory("grants")
        try host.submit(host.grant(), as: "b.grant")
        try eventually { try host.openings().count == 1 }
        try host.write("dana \(SSHKey().publicLine)\n", to: "allowed_signers")
        try eventually { try host.openings().isEmpty }
        #expect(try host.reasons("grant-closed") == ["removed", "policy"])
    }
}
