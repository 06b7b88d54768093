import Foundation
import StrictJSON
import TestSupport
import Testing

@Suite struct `A trial that no agent lives to end` {
    /// A host whose policy says one mode, with one of another mode on trial.
    private func scene(trying tried: String, after mode: String) throws -> SessionScene {
        let scene = try SessionScene {
            $0.replacingOccurrences(of: "\"enforce\"", with: "\"\(mode)\"")
        }
        try scene.host.edit { $0.replacingOccurrences(of: "\"\(mode)\"", with: "\"\(tried)\"") }
        #expect(try scene.host.jitgate("try", "--for", "4s").status == 0)
        return scene
    }

    /// Whether a stranger is answered; nothing listens, so by a reset.
    private func answers(_ scene: SessionScene) throws -> Bool {
        let script = """
            import socket
            client = socket.socket()
            client.settimeout(0.2)
            client.bind(('192.0.2.8', 0))
            try: client.connect(('192.0.2.1', 22))
            except ConnectionRefusedError: print('answered')
            except TimeoutError: print('silence')
            """
        return try scene.client.command("python3", "-c", script) == "answered\n"
    }

    @Test(arguments: [("enforce", "observe"), ("observe", "enforce")])
    func `ends in the kernel`(tried: String, mode: String) throws {
        let scene = try scene(trying: tried, after: mode)
        try scene.open(["192.0.2.7/32"])
        scene.host.kill()
        let passes = tried == "observe"
        #expect(try answers(scene) == passes)
        try eventually { try answers(scene) != passes }
        // The next agent says so, and changes nothing about it.
        try scene.host.start()
        #expect(try answers(scene) != passes)
        let loaded = try scene.host.records("policy-loaded").last
        #expect(loaded?["JITGATE_MODE"]?.text == mode)
        #expect(loaded?["JITGATE_REASON"]?.text == "not confirmed in time")
        let listener = try scene.listen()
        _ = try scene.session(from: "192.0.2.7", at: listener)
    }

    @Test func `does not end once it was confirmed`() throws {
        let scene = try scene(trying: "enforce", after: "observe")
        let trial = try #require(try scene.host.records("policy-loaded").last)
        let end = try #require(trial["JITGATE_DEADLINE"]?.text)
        #expect(try scene.host.jitgate("confirm").status == 0)
        scene.host.kill()
        let format = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
        let past = try format.parse(end) + 0.1
        try eventually { past < Date() }
        #expect(try !answers(scene))
    }
}
