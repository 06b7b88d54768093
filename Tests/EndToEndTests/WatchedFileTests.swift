import Foundation
import StrictJSON
import TestSupport
import Testing

/// A host with a grant that is open, and a file of allowed signers in a directory of its own.
private struct WatchingHost {
    let host: AgentHost
    let stranger: SSHKey

    init() throws {
        host = try AgentHost()
        stranger = try SSHKey()
        try host.makeDirectory("signers")
        try allow(host.key, in: "signers")
        let path = host.path
        try host.edit {
            $0.replacing("\(path)/allowed_signers", with: "\(path)/signers/allowed_signers")
        }
        try host.start()
        try host.submit(host.grant(), as: "a.grant")
        try eventually { try host.openings().count == 1 }
    }

    /// Writes that one key may sign, and no other.
    func allow(_ key: SSHKey, in directory: String) throws {
        try host.write("dana \(key.publicLine)\n", to: "\(directory)/allowed_signers")
    }

    var isHealthy: Bool {
        get throws {
            let status = try host.jitgate("status", "--json").output
            return try JSONNode.parse(status).value["healthy"] == true
        }
    }

    /// Waits until what the host's own key opened has ended because it may not sign any more.
    func expectEndByPolicy(line: Int = #line) throws {
        try eventually(line: line) { try host.openings().isEmpty }
        try eventually(line: line) { try host.reasons("grant-closed") == ["policy"] }
    }

    func move(_ old: String, to new: String) throws {
        guard unsafe rename(host.path + "/" + old, host.path + "/" + new) == 0 else {
            throw CommandFailure("rename: errno \(errno)")
        }
    }
}

@Suite struct `The file of allowed signers` {
    @Test func `is watched`() throws {
        let scene = try WatchingHost()
        try scene.allow(scene.stranger, in: "signers")
        try scene.expectEndByPolicy()
    }

    @Test func `is watched where a reload says that it is`() throws {
        let scene = try WatchingHost()
        let host = scene.host
        try host.makeDirectory("others")
        try scene.allow(host.key, in: "others")
        try host.edit { $0.replacing("/signers/", with: "/others/") }
        #expect(try host.jitgate("reload").status == 0)
        #expect(try host.openings().count == 1)
        try scene.allow(scene.stranger, in: "others")
        try scene.expectEndByPolicy()
    }

    @Test func `is watched again when its directory is there again`() throws {
        let scene = try WatchingHost()
        let host = scene.host
        try scene.move("signers", to: "away")
        try eventually { try host.records("policy-refused").count == 1 }
        #expect(try host.openings().count == 1)
        try scene.move("away", to: "signers")
        try eventually { try scene.isHealthy }
        try scene.allow(scene.stranger, in: "signers")
        try scene.expectEndByPolicy()
    }

    @Test func `is read again where it could not be`() throws {
        let scene = try WatchingHost()
        let process = try #require(scene.host.agent).processIdentifier
        let limit = { (count: Int) in
            try Command.run(["prlimit", "--pid", "\(process)", "--nofile=\(count):4096"])
        }
        #expect(try limit(4).status == 0)
        try scene.allow(scene.stranger, in: "signers")
        try eventually { try scene.host.records("policy-refused").count == 1 }
        #expect(try limit(1024).status == 0)
        try scene.expectEndByPolicy()
    }

    @Test func `is read anew when events were lost`() throws {
        let scene = try WatchingHost()
        let host = scene.host
        host.send(SIGSTOP)
        let limit = try String(
            contentsOfFile: "/proc/sys/fs/inotify/max_queued_events",
            encoding: .utf8
        )
        let file = host.drop + "/b.grant"
        for _ in 0..<(Int(limit.dropLast()) ?? 16_384) {
            unsafe close(open(file, O_CREAT | O_WRONLY, 0o600))
            unsafe unlink(file)
        }
        try scene.allow(scene.stranger, in: "signers")
        host.send(SIGCONT)
        try scene.expectEndByPolicy()
    }
}

@Suite struct `A dropped file` {
    @Test func `may be renamed, and its grant goes on`() throws {
        let scene = try WatchingHost()
        try scene.move("grants/a.grant", to: "grants/b.grant")
        try scene.host.submit(
            try scene.host.grant(changes: [.init("sources", ["192.0.2.8"])]),
            as: "c.grant"
        )
        try eventually { try scene.host.openings().contains("192.0.2.8 . tcp . 22") }
        #expect(try scene.host.openings().count == 2)
        #expect(try scene.host.records("grant-closed").isEmpty)
        try scene.host.remove("b.grant")
        try eventually { try scene.host.reasons("grant-closed") == ["removed"] }
    }

    @Test func `may come in a directory that takes the place of another, by another name`() throws {
        let scene = try WatchingHost()
        let host = scene.host
        try host.makeDirectory("new")
        try FileManager.default.copyItem(
            atPath: host.drop + "/a.grant",
            toPath: host.path + "/new/b.grant"
        )
        let other = try host.grant(changes: [.init("sources", ["192.0.2.8"])])
        let file = host.path + "/new/a.grant"
        try Data(other).write(to: URL(filePath: file))
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: file)
        host.send(SIGSTOP)
        try scene.move("grants", to: "old")
        try scene.move("new", to: "grants")
        host.send(SIGCONT)
        try eventually { try host.openings().contains("192.0.2.8 . tcp . 22") }
        #expect(try host.openings().count == 2)
        #expect(try host.records("grant-closed").isEmpty)
        try host.remove("b.grant")
        try eventually { try host.openings() == ["192.0.2.8 . tcp . 22"] }
    }

    @Test func `goes and comes with the directories above it`() throws {
        let host = try AgentHost()
        for name in ["above", "above/between", "above/between/grants"] {
            try host.makeDirectory(name)
        }
        let path = host.path
        try host.edit { $0.replacing("\(path)/grants", with: "\(path)/above/between/grants") }
        try host.start()
        try Data(host.grant()).write(to: URL(filePath: path + "/above/between/grants/a.grant"))
        try eventually { try host.openings().count == 1 }
        try unsafe #require(rename(path + "/above", path + "/away") == 0)
        try eventually { try host.reasons("grant-closed") == ["removed"] }
        #expect(try host.openings().isEmpty)
        for round in 0..<50 {
            try host.makeDirectory("above")
            try host.makeDirectory("above/between")
            try host.makeDirectory("above/between/grants")
            try Data(host.grant()).write(to: URL(filePath: path + "/above/between/grants/a.grant"))
            try eventually { try host.openings().count == 1 }
            try FileManager.default.removeItem(atPath: path + "/above")
            try eventually { try host.openings().isEmpty }
            try eventually { try host.records("grant-closed").count == round + 2 }
        }
    }

    @Test func `that cannot be read now ends nothing, and is read when it can be`() throws {
        let scene = try WatchingHost()
        let host = scene.host
        let process = try #require(host.agent).processIdentifier
        let limit = { (count: Int) in
            try Command.run(["prlimit", "--pid", "\(process)", "--nofile=\(count):4096"])
        }
        #expect(try limit(4).status == 0)
        try host.submit(host.grant(changes: [.init("sources", ["192.0.2.8"])]), as: "b.grant")
        let file = unsafe open(host.drop + "/a.grant", O_WRONLY)
        close(file)
        try eventually { try host.records("grant-refused").count == 2 }
        #expect(
            try host.reasons("grant-refused").allSatisfy { $0?.hasPrefix("unreadable: ") == true }
        )
        #expect(try host.openings() == ["192.0.2.7 . tcp . 22"])
        #expect(try limit(1024).status == 0)
        try eventually { try host.openings().count == 2 }
        #expect(try host.records("grant-closed").isEmpty)
        try eventually { try scene.isHealthy }
        try host.remove("a.grant")
        try eventually { try host.reasons("grant-closed") == ["removed"] }
    }

    @Test(arguments: ["by-id", "all", "signed"])
    func `that cannot be read at a start does not keep its grant from being revoked`(
        how: String
    ) throws {
        let host = try AgentHost()
        try host.start()
        let id = UUID()
        let file = host.drop + "/a.grant"
        try host.submit(host.grant(id: id), as: "a.grant")
        try eventually { try host.openings().count == 1 }
        host.kill()
        // A regular file of root's; reading it from its beginning is an error.
        let unreadable = "/proc/\(getpid())/mem"
        #expect(try Command.run(["mount", "--bind", unreadable, file]).status == 0)
        defer { _ = try? Command.run(["umount", file]) }
        try host.start()
        #expect(try host.openings().isEmpty)
        #expect(try host.records("grant-closed").isEmpty)
        switch how {
        case "by-id": #expect(try host.jitgate("revoke", "\(id)", "--reason", "lost").status == 0)
        case "all": #expect(try host.jitgate("revoke", "--all", "--reason", "lost").status == 0)
        default: try host.submit(host.revocation(of: id), as: "r.grant")
        }
        try eventually { try host.reasons("grant-closed") == ["revoked"] }
        #expect(try Command.run(["umount", file]).status == 0)
        try eventually { !FileManager.default.fileExists(atPath: file) }
        #expect(try host.openings().isEmpty)
    }
}
