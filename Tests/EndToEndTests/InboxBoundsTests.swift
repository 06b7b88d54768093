import Foundation
import Grants
import StrictJSON
import TestSupport
import Testing

/// A fault of a file in an inbox, or of the inbox.
private struct Fault: Sendable, CustomStringConvertible {
    let description: String
    /// The code that the record names; `nil` where nothing in the inbox is read.
    let code: String?
    let make: @Sendable (InboxHost, [UInt8]) throws -> Void

    init(
        _ description: String,
        _ code: String?,
        _ make: @escaping @Sendable (InboxHost, [UInt8]) throws -> Void
    ) {
        (self.description, self.code, self.make) = (description, code, make)
    }

    /// A file that only differs from a good one by what a command does to it.
    init(_ description: String, _ code: String, changedBy command: String...) {
        self.init(description, code) { try $0.offer($1, as: "bad.grant", command) }
    }

    static let files = [
        Fault("a link", "symbolic-link") { scene, grant in
            let path = scene.host.path + "/target"
            try Data(grant).write(to: URL(filePath: path))
            try scene.run("ln", "-s", path, scene.inbox + "/bad.grant")
        },
        Fault("a fifo", "not-a-file") { scene, _ in
            try scene.run("mkfifo", scene.inbox + "/bad.grant")
        },
        Fault("a directory", "not-a-file") { scene, _ in
            try scene.run("mkdir", scene.inbox + "/bad.grant")
        },
        Fault("a device", "not-a-file") { scene, _ in
            try scene.run("mknod", scene.inbox + "/bad.grant", "c", "1", "5")
        },
        Fault("of another user", "foreign-owner", changedBy: "chown", "1"),
        Fault("writable for its group", "writable-by-others", changedBy: "chmod", "0660"),
        Fault("writable for all", "writable-by-others", changedBy: "chmod", "0646"),
        Fault("too large", "too-large", changedBy: "truncate", "-s", "1T"),
        Fault("on another file system", "not-a-file") { scene, grant in
            try scene.offer([], as: "bad.grant")
            let source = scene.host.path + "/other"
            try scene.host.makeDirectory("other")
            let disk = try scene.host.mountDisk(at: source)
            try Data(grant).write(to: URL(filePath: source + "/file"))
            try scene.run("mount", "--bind", source + "/file", scene.inbox + "/bad.grant")
            withExtendedLifetime(disk) {}
        },
    ]

    static let directories = [
        Fault("of another user", nil) { scene, _ in try scene.run("chown", "1", scene.inbox) },
        Fault("writable for its group", nil) { scene, _ in
            try scene.run("chmod", "2770", scene.inbox)
        },
        Fault("a link", nil) { scene, _ in
            try scene.run("mv", scene.inbox, scene.host.path + "/elsewhere")
            try scene.run("ln", "-s", scene.host.path + "/elsewhere", scene.inbox)
        },
        Fault("missing", nil) { scene, _ in try scene.run("rmdir", scene.inbox) },
    ]
}

@Suite struct `An inbox` {
    @Test(arguments: Fault.files.indices)
    func `takes no file that others could have made, and is counted`(index: Int) throws {
        let fault = Fault.files[index]
        let scene = try InboxHost()
        defer { _ = try? Command.run(["umount", scene.inbox + "/bad.grant"]) }
        try fault.make(scene, scene.host.grant())
        try scene.host.start()
        try scene.offerProbe()
        #expect(try scene.host.openings() == ["198.51.100.9 . tcp . 22"])
        try eventually { try scene.host.records("offers-refused").count == 1 }
        let record = try #require(try scene.host.records("offers-refused").first)
        let code = try #require(fault.code)
        #expect(record["JITGATE_REASON"]?.text?.hasPrefix(code + ": ") == true, "\(record)")
        #expect(record["JITGATE_FILE"]?.text == scene.inbox + "/bad.grant")
    }

    @Test(arguments: Fault.directories.indices)
    func `that others could have filled is not read until that is mended`(index: Int) throws {
        let fault = Fault.directories[index]
        let scene = try InboxHost()
        try scene.host.start()
        try scene.offerProbe()
        try scene.withdraw("probe.grant")
        try fault.make(scene, [])
        try eventually {
            try scene.host.conditions().contains { $0.contains("offers in \(scene.inbox)") }
        }
        if FileManager.default.fileExists(atPath: scene.inbox) {
            try scene.offer(scene.host.grant(), as: "a.grant")
        }
        let doctor = try scene.host.jitgate("doctor", "--json")
        #expect(doctor.text.contains("inbox-unreadable"))
        #expect(try scene.host.openings() == ["198.51.100.9 . tcp . 22"])
        try scene.run("rm", "-rf", scene.inbox)
        try scene.makeInbox()
        try scene.offer(scene.host.grant(), as: "b.grant")
        try eventually { try scene.host.openings().count == 2 }
        try eventually { try scene.host.conditions().isEmpty }
    }

    @Test func `of a user whom the host does not know is said, and nothing else happens`() throws {
        let scene = try InboxHost()
        try scene.host.edit { $0.replacing("owner = \"nobody\"", with: "owner = \"nobody-here\"") }
        try scene.offer(scene.host.grant(), as: "a.grant")
        try scene.host.start()
        try eventually {
            try scene.host.conditions().contains { $0.contains("there is no user nobody-here") }
        }
        #expect(try scene.host.openings().isEmpty)
    }

    @Test func `has a file read again once its owner or mode is mended`() throws {
        let scene = try InboxHost()
        try scene.host.start()
        try scene.offer(scene.host.grant(), as: "a.grant", ["chmod", "0660"])
        try eventually { try scene.host.records("offers-refused").count == 1 }
        try scene.run("chmod", "0640", scene.inbox + "/a.grant")
        try eventually { try scene.isOpen() }
    }

    @Test func `takes what is written in place or linked, and a file under any of its names`()
        throws
    {
        let scene = try InboxHost()
        try scene.host.start()
        let grant = try scene.host.grant()
        let path = scene.inbox + "/a.grant"
        try Data(grant.prefix(200)).write(to: URL(filePath: path))
        try scene.run("chown", "\(InboxHost.owner)", path)
        try scene.run("chmod", "0640", path)
        let handle = try FileHandle(forWritingTo: URL(filePath: path))
        try handle.seekToEnd()
        try handle.write(contentsOf: Data(grant.dropFirst(200)))
        try handle.close()
        try eventually { try scene.isOpen() }
        // Races of rename: one of the names is there at any time.
        let id = UUID()
        let other = try scene.host.grant(id: id, changes: [.init("sources", ["198.51.100.7"])])
        try scene.offer(other, as: "0.grant")
        for number in 0..<200 {
            try scene.place("\(scene.inbox)/\(number).grant", as: "\(number + 1).grant")
        }
        try eventually { try scene.host.openings().contains("198.51.100.7 . tcp . 22") }
        #expect(try scene.host.records("grant-opened").count == 2)
    }

    @Test func `that is full of bad files delays no deadline, no revocation and no grant`() throws {
        let scene = try InboxHost()
        let host = scene.host
        try host.start()
        let (brief, long) = (UUID(), UUID())
        try host.submit(host.grant(id: brief, lasting: 12), as: "brief.grant")
        let other: [JSONValue.Member] = [.init("sources", ["198.51.100.7"])]
        try scene.offer(host.grant(id: long, changes: other), as: "long.grant")
        try eventually { try host.openings().count == 2 }
        let script =
            "import os,sys\nfor i in range(20000):\n f=os.open(sys.argv[1]+'/x%d.grant'%i,os.O_CREAT|os.O_WRONLY,0o640)\n"
            + " os.fchown(f,65534,0)\n os.write(f,b'%d {\\n'%i)\n os.close(f)\n"
        try scene.run("python3", "-c", script, scene.inbox)
        try scene.offer(host.revocation(of: long), as: "stop.grant")
        try eventually { try host.reasons("grant-closed").contains("revoked") }
        let late: [JSONValue.Member] = [.init("sources", ["198.51.100.8"])]
        try scene.offer(host.grant(changes: late), as: "new.grant")
        try eventually { try host.openings().contains("198.51.100.8 . tcp . 22") }
        try eventually { try host.reasons("grant-closed").contains("expired") }
        let closed = try #require(
            try host.records("grant-closed").first { $0["JITGATE_REASON"] == "expired" }
        )
        let opened = try #require(
            try host.records("grant-opened").first {
                $0["JITGATE_GRANT"]?.text == closed["JITGATE_GRANT"]?.text
            }
        )
        let deadline = try #require(opened["JITGATE_DEADLINE"]?.text)
        let end = try Moment(parsing: deadline).microseconds
        let time = try #require(closed["__REALTIME_TIMESTAMP"]?.text.flatMap { Int64($0) })
        #expect(time <= end + 1_000_000, "\(time - end) us late")
        #expect(try host.records("offers-refused").count <= 3)
        #expect(try host.records("grant-refused").isEmpty)
        #expect(try host.conditions().contains { $0.contains("more than 4096 files") })
    }
}

@Suite struct `An agent that dies with an inbox` {
    /// Dies before or after the records of an offer, in either case with the offer gone afterwards.
    @Test(
        arguments: [
            ("line", "torn"), ("record", "before"), ("record", "after"), ("commit", "after"),
        ],
        1...6
    )
    func `has adopted an offer if that is on record, and else has not`(
        fault: (kind: String, when: String),
        number: Int
    ) throws {
        let scene = try InboxHost()
        let host = scene.host
        let environment = [
            "LD_PRELOAD": AgentHost.faults, "FAULT": "\(fault.kind):\(number):\(fault.when)",
            "KERNEL": "6.999",
        ]
        try host.launch(environment: environment)
        try eventually { try host.records("agent-started").count == 1 || !host.isRunning }
        try scene.offer(host.grant(), as: "a.grant")
        try eventually { try !host.isRunning || scene.isOpen() }
        host.kill()
        let wasAccepted = try !host.records("grant-accepted").isEmpty
        try? scene.withdraw("a.grant")
        try host.start()
        #expect(try scene.isOpen() == wasAccepted)
        // Nor is it lost where it was not: it comes again.
        if !wasAccepted {
            try scene.offer(host.grant(), as: "a.grant")
            try eventually { try scene.isOpen() }
        }
        #expect(try host.jitgate("audit", "verify").status == 0)
    }

    @Test func `opens nothing whose file in the log is gone or another one`() throws {
        let scene = try InboxHost()
        let host = scene.host
        try host.start()
        try scene.offer(host.grant(), as: "a.grant")
        try eventually { try scene.isOpen() }
        host.stop()
        let digest = try #require(
            try host.records("grant-accepted").first?["JITGATE_GRANT_SHA256"]?.text
        )
        let path = host.path + "/state/evidence/\(digest).grant"
        let own = try Data(contentsOf: URL(filePath: path))
        try Data(own.dropLast()).write(to: URL(filePath: path))
        try host.start()
        #expect(try host.openings().isEmpty)
        #expect(try host.reasons("grant-closed") == ["removed"])
        let refused = try #require(try host.records("grant-refused").first)
        #expect(refused["JITGATE_FILE"]?.text == path)
    }

    @Test(arguments: [false, true])
    func `does not bring back what was revoked while the disk was full`(isByFile: Bool) throws {
        let scene = try InboxHost()
        let host = scene.host
        let disk = try host.mountDisk(at: host.auditDirectory)
        try host.start()
        let id = UUID()
        try scene.offer(host.grant(id: id), as: "a.grant")
        try eventually { try scene.isOpen() }
        let digest = try #require(
            try host.records("grant-accepted").first?["JITGATE_GRANT_SHA256"]?.text
        )
        let mark = host.path + "/state/evidence/\(digest).revoked"
        try disk.fill()
        var count = 0
        try eventually {
            count += 1
            try host.submit(Array("no grant \(count)".utf8), as: "bad\(count).grant")
            return try host.conditions().contains { $0.contains("/audit.jsonl") }
        }
        if isByFile {
            try scene.offer(host.revocation(of: id), as: "r.grant")
        } else {
            let outcome = try host.jitgate("revoke", "\(id)", "--reason", "lost laptop")
            #expect(outcome.errors.contains("it is closed, but that is not on record"))
        }
        try eventually { try host.openings().isEmpty }
        try eventually { FileManager.default.fileExists(atPath: mark) }
        host.kill()
        try scene.run("rm", "-rf", scene.inbox)
        // With the disk still full, and then with room.
        try host.launch()
        try eventually { (try? host.conditions())?.isEmpty == false }
        #expect(try host.openings().isEmpty)
        host.kill()
        try disk.empty()
        try host.start()
        #expect(try host.openings().isEmpty)
        #expect(try host.reasons("grant-closed") == ["revoked"])
        #expect(!FileManager.default.fileExists(atPath: mark))
        #expect(try host.jitgate("audit", "verify").status == 0)
    }
}
