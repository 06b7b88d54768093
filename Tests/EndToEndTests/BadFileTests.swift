import Foundation
import StrictJSON
import TestSupport
import Testing

/// A fault of a file besides its content.
private struct BadFile: Sendable, CustomStringConvertible {
    let description: String
    /// The code of the refusal.
    let code: String
    /// Makes it at a path, given a good grant.
    let make: @Sendable (_ path: String, _ grant: [UInt8]) throws -> Void

    init(
        _ description: String,
        _ code: String,
        _ make: @escaping @Sendable (_ path: String, _ grant: [UInt8]) throws -> Void
    ) {
        self.description = description
        self.code = code
        self.make = make
    }

    /// One that only differs from a good file by what a command does to it.
    init(_ description: String, _ code: String, changedBy command: String...) {
        self.init(description, code) { path, grant in
            try Data(grant).write(to: URL(filePath: path))
            try shell(["chmod", "600", path])
            try shell(command + [path])
        }
    }

    static let all: [BadFile] = [
        BadFile("symlink", "symbolic-link") { path, grant in
            try Data(grant).write(to: URL(filePath: path + ".target"))
            try shell(["ln", "-s", path + ".target", path])
        },
        BadFile("dangling", "symbolic-link") { path, _ in
            try shell(["ln", "-s", "/nonexistent", path])
        },
        BadFile("fifo", "not-a-file") { path, _ in try shell(["mkfifo", path]) },
        BadFile("directory", "not-a-file") { path, _ in try shell(["mkdir", path]) },
        BadFile("socket", "not-a-file") { path, _ in
            let script = "import socket, sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])"
            try shell(["python3", "-c", script, path])
        },
        BadFile("device", "not-a-file") { path, _ in try shell(["mknod", path, "c", "1", "5"]) },
        BadFile("disk", "not-a-file") { path, _ in try shell(["mknod", path, "b", "7", "9999"]) },
        BadFile("for-all", "writable-by-others", changedBy: "chmod", "0602"),
        BadFile("for-a-group", "writable-by-others", changedBy: "chmod", "0620"),
        BadFile("of-another", "foreign-owner", changedBy: "chown", "1000"),
        BadFile("huge", "too-large", changedBy: "truncate", "-s", "1T"),
        BadFile("just-too-large", "too-large", changedBy: "truncate", "-s", "262145"),
        BadFile("zeros", "too-large", changedBy: "truncate", "-s", "262144"),
        BadFile("emptied", "empty", changedBy: "truncate", "-s", "0"),
    ]
}

private func shell(_ words: [String]) throws {
    let result = try Command.run(words)
    guard result.status == 0 else { throw CommandFailure(result.errors) }
}

@Suite struct `A file that is no grant file` {
    @Test func `is refused with one record and changes nothing that is open`() throws {
        let host = try AgentHost()
        try host.start()
        try host.submit(host.grant(), as: "open.grant")
        try eventually { try host.openings() == ["192.0.2.7 . tcp . 22"] }
        let grant = try host.grant(changes: [.init("sources", ["198.51.100.7"])])
        for file in BadFile.all {
            try file.make("\(host.path)/\(file)", grant)
            try host.move("\(host.path)/\(file)", to: "\(file).grant")
        }
        try eventually { try host.records("grant-refused").count >= BadFile.all.count }
        try expectCodes(host)
        #expect(try host.openings() == ["192.0.2.7 . tcp . 22"])
        #expect(host.isRunning)
        host.kill()
        try host.start()
        #expect(try host.records("grant-refused").count == BadFile.all.count)
        let openings = try host.openings()
        #expect(openings == ["192.0.2.7 . tcp . 22"])
    }

    private func expectCodes(_ host: AgentHost) throws {
        let records = try host.records("grant-refused")
        #expect(records.count == BadFile.all.count)
        for file in BadFile.all {
            let record = try #require(
                records.first { $0["JITGATE_FILE"]?.text == host.drop + "/\(file).grant" }
            )
            let reason = try #require(record["JITGATE_REASON"]?.text)
            #expect(reason.hasPrefix(file.code + ": "), "\(file): \(reason)")
        }
    }

    @Test func `shares its record's way to the disk with all that come at once`() throws {
        let host = try AgentHost()
        // More flushes than these would kill it.
        let environment = ["LD_PRELOAD": AgentHost.faults, "FAULT": "record:20:before"]
        try host.launch(environment: environment)
        try eventually { try host.records("agent-started").count == 1 }
        host.send(SIGSTOP)
        for number in 0..<200 { try host.submit([UInt8(number)], as: "\(number).grant") }
        host.send(SIGCONT)
        try eventually { try host.records("grant-refused").count == 200 }
        #expect(host.isRunning)
    }

    @Test func `lies in a directory that others can write`() throws {
        let host = try AgentHost()
        try shell(["chmod", "0777", host.drop])
        try host.start()
        try host.submit(host.grant(), as: "a.grant")
        try eventually { try !host.records("grant-refused").isEmpty }
        let reason = try host.reasons("grant-refused").first ?? nil
        #expect(reason?.hasPrefix("directory-writable-by-others: \(host.drop): ") == true)
        #expect(try host.openings().isEmpty)
    }

    @Test func `lies behind a symbolic link`() throws {
        let folder = try TemporaryDirectory(in: "/run")
        let host = try AgentHost(drop: folder.path + "/link/grants")
        try shell(["ln", "-s", host.path, folder.path + "/link"])
        try host.start()
        try host.submit(host.grant(), as: "a.grant")
        try eventually { try !host.records("grant-refused").isEmpty }
        let reason = try host.reasons("grant-refused").first ?? nil
        #expect(reason?.hasPrefix("symbolic-link: ") == true)
        #expect(try host.openings().isEmpty)
    }

    @Test func `has a name that is not text`() throws {
        let host = try AgentHost()
        try host.start()
        try Data(host.grant()).write(to: URL(filePath: host.path + "/good"))
        let script = "mv \"$0/good\" \"$0/grants/$(printf 'x\\377').grant\""
        try shell(["sh", "-c", script, host.path])
        try eventually { try host.reasons("grant-refused") == ["bad-name: its name is not UTF-8"] }
        #expect(try host.openings().isEmpty)
    }

    @Test(arguments: [
        ".a.grant", "a.grant~", "a.grant.swp", ".a.grant.swp", "#a.grant#", ".#a.grant", "4913",
        "a.GRANT", "a.grant.tmp", "a.grant ", "grant", "a.json", "a.grant.dpkg-new",
    ])
    func `has another name than grants have and is ignored`(name: String) throws {
        let host = try AgentHost()
        try host.start()
        try host.submit(host.grant(), as: name)
        try host.submit(host.grant(changes: [.init("sources", ["198.51.100.7"])]), as: "b.grant")
        try eventually { try !host.openings().isEmpty }
        #expect(try host.openings() == ["198.51.100.7 . tcp . 22"])
        #expect(try host.records("grant-accepted").count == 1)
        #expect(try host.records("grant-refused").isEmpty)
    }

    @Test func `is only half written and waits until it is closed`() throws {
        let host = try AgentHost()
        try host.start()
        let grant = try host.grant()
        let path = host.drop + "/a.grant"
        let file = unsafe FileHandle(fileDescriptor: open(path, O_WRONLY | O_CREAT, 0o600))
        try file.write(contentsOf: grant.prefix(100))
        try file.synchronize()
        try host.submit(host.grant(changes: [.init("sources", ["198.51.100.7"])]), as: "b.grant")
        try eventually { try host.openings() == ["198.51.100.7 . tcp . 22"] }
        try file.write(contentsOf: grant.dropFirst(100))
        try file.close()
        try eventually { try host.openings().count == 2 }
        #expect(try host.records("grant-refused").isEmpty)
    }

    @Test func `gives way at once to one that is`() throws {
        let host = try AgentHost()
        try host.start()
        host.send(SIGSTOP)
        try host.submit(host.grant(), as: "a.grant")
        try host.remove("a.grant")
        try host.submit(host.grant(changes: [.init("sources", ["198.51.100.7"])]), as: "a.grant")
        host.send(SIGCONT)
        try eventually { try host.records().contains { $0["JITGATE_GRANT"] != nil } }
        try eventually { try host.openings() == ["198.51.100.7 . tcp . 22"] }
        #expect(try host.records("grant-closed").isEmpty)
    }
}
