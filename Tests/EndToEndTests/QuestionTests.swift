import Foundation
import StrictJSON
import TestSupport
import Testing

/// Peers of one user of the control group who ask all the time, until they are told to stop.
private final class Askers {
    /// Asks over `count` connections; writes to one file when each of them got an answer, and to
    /// another, when it is told to stop, the number of answers.
    private static let script = """
        import json, os, selectors, signal, socket, sys
        path, method, parameters, count = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])
        asking, answered = open(sys.argv[5] + "/asking", "w"), open(sys.argv[5] + "/answers", "w")
        os.setgroups([]); os.setgid(60); os.setuid(65534)
        call = (json.dumps({"method": "io.jitgate.Agent." + method,
                            "parameters": json.loads(parameters)}) + chr(0)).encode() * 100
        selector = selectors.DefaultSelector()
        waiting, answers = set(), 0
        def stop(*_):
            answered.write(str(answers)); answered.close(); os._exit(0)
        signal.signal(signal.SIGTERM, stop)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGTERM])  # the test blocks it
        for _ in range(count):
            peer = socket.socket(socket.AF_UNIX); peer.connect(path); peer.setblocking(False)
            selector.register(peer, selectors.EVENT_READ | selectors.EVENT_WRITE); waiting.add(peer)
        while True:
            for key, events in selector.select(0.1):
                try:
                    if events & selectors.EVENT_READ:
                        answers += key.fileobj.recv(1 << 18).count(0); waiting.discard(key.fileobj)
                    if events & selectors.EVENT_WRITE: key.fileobj.send(call)
                except BlockingIOError: pass
                except OSError:
                    selector.unregister(key.fileobj); waiting.discard(key.fileobj)
            if not waiting and not asking.closed: asking.write("1"); asking.close()
        """

    private let process = Process()
    private let folder: TemporaryDirectory

    init(_ host: AgentHost, _ method: String, _ parameters: String) throws {
        folder = try TemporaryDirectory()
        process.executableURL = URL(filePath: "/usr/bin/python3")
        process.arguments = [
            "-c", Self.script, host.path + "/control", method, parameters, "30", folder.path,
        ]
        try process.run()
        try eventually { try read("asking") == 1 }
    }

    /// Stops them, and returns the number of answers until now.
    func stop() throws -> Int {
        process.terminate()
        process.waitUntilExit()
        return try #require(try read("answers"))
    }

    private func read(_ name: String) throws -> Int? {
        let file = folder.path + "/" + name
        guard FileManager.default.fileExists(atPath: file) else { return nil }
        return Int(try String(contentsOfFile: file, encoding: .utf8))
    }

    deinit {
        if process.isRunning { process.terminate() }
        process.waitUntilExit()
    }
}

@Suite struct `Those who ask much` {
    private func host() throws -> AgentHost {
        let host = try AgentHost()
        try host.edit { $0.replacing("[control]\n", with: "[control]\ngroup = \"games\"\n") }
        _ = try Command.run(["chmod", "711", host.path])
        _ = try Command.run(["chmod", "644", host.policyPath])
        try host.start()
        return host
    }

    @Test(arguments: [
        ("List", #"{"all": true}"#), ("Status", "{}"), ("Inspect", "{}"), ("Attest", "{}"),
        ("Prove", #"{"sizes": [0, 1, 2]}"#),
        ("Explain", #"{"source": "192.0.2.7", "port": "22/tcp"}"#),
    ])
    func `hold up no revocation, removal, opening or deadline`(
        method: String,
        parameters: String
    ) throws {
        let host = try host()
        let ids = (0..<3).map { _ in UUID() }
        for (number, id) in ids.enumerated() {
            let source: JSONValue = [.string("198.51.100.\(number)")]
            let lasting = number == 2 ? 5.0 : 600
            try host.submit(
                host.grant(id: id, lasting: lasting, changes: [.init("sources", source)]),
                as: "\(number).grant"
            )
        }
        try eventually { try host.records("grant-opened").count == 3 }
        let askers = try Askers(host, method, parameters)
        #expect(try host.jitgate("revoke", ids[0].uuidString, "--reason", "now").status == 0)
        #expect(try !host.openings().contains("198.51.100.0 . tcp . 22"))
        try host.remove("1.grant")
        try host.submit(host.grant(), as: "new.grant")
        try eventually { try host.records("grant-closed").count == 3 }
        try eventually { try host.openings() == ["192.0.2.7 . tcp . 22"] }
        #expect(try askers.stop() > 0)
        #expect(
            try Set(host.reasons("grant-closed")) == ["revoked", "removed", "expired"]
        )
    }

    @Test func `are given what has changed`() throws {
        let host = try host()
        for number in 0..<5 {
            let id = UUID()
            try host.submit(host.grant(id: id), as: "\(number).grant")
            try eventually { try host.records("grant-opened").count == number + 1 }
            let asked = try Command.run(
                [
                    "setpriv", "--reuid=65534", "--regid=60", "--clear-groups",
                    AgentHost.build + "jitgate", "list", "--json",
                ],
                environment: ["JITGATE_CONFIG": host.policyPath]
            )
            #expect(asked.text.contains(id.uuidString.lowercased()), "\(asked.errors)")
            #expect(try host.jitgate("revoke", id.uuidString, "--reason", "x").status == 0)
            #expect(try !host.jitgate("list", "--json").text.contains("\"open\""))
        }
    }

    @Test func `have nothing recorded and nothing changed by their questions`() throws {
        let host = try host()
        try host.submit(host.grant(), as: "a.grant")
        try eventually { try host.records("grant-opened").count == 1 }
        let checkpoint = {
            try Data(contentsOf: URL(filePath: host.auditDirectory + "/checkpoint"))
        }
        let ruleset = {
            try host.namespace.command("nft", "list", "chain", "inet", "jitgate", "gate")
        }
        // What is asked for after the opening comes after the checkpoint over its record.
        #expect(try host.jitgate("status").status == 0)
        let before = (try host.records().count, try checkpoint(), try ruleset())
        for words in [["list", "--all"], ["status"], ["explain", "192.0.2.7", "22"]] {
            let asked = try Command.run(
                [AgentHost.build + "jitgate"] + words,
                environment: ["JITGATE_CONFIG": host.policyPath]
            )
            #expect(asked.status == 0)
        }
        #expect(try host.records().count == before.0)
        #expect(try checkpoint() == before.1)
        #expect(try ruleset() == before.2)
    }
}
