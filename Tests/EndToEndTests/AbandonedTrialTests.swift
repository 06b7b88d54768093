import Foundation
import StrictJSON
import TestSupport
import Testing

@Suite struct `A trial that no agent lives to end` {
    private let stranger = "192.0.2.8"

    /// A host whose policy says one mode, with one of another mode on trial.
    private func scene(trying tried: String, after mode: String) throws -> SessionScene {
        let scene = try SessionScene {
            $0.replacingOccurrences(of: "\"enforce\"", with: "\"\(mode)\"")
        }
        try scene.host.edit { $0.replacingOccurrences(of: "\"\(mode)\"", with: "\"\(tried)\"") }
        #expect(try scene.host.jitgate("try", "--for", "6s").status == 0)
        return scene
    }

    @Test(arguments: [("enforce", "observe"), ("observe", "enforce")])
    func `ends in the kernel`(tried: String, mode: String) throws {
        let scene = try scene(trying: tried, after: mode)
        try scene.open(["192.0.2.7/32"])
        scene.host.kill()
        let passes = tried == "observe"
        #expect(try scene.reaches(from: stranger) == passes)
        try eventually { try scene.reaches(from: stranger) != passes }
        // The next agent says so, and changes nothing about it.
        try scene.host.start()
        #expect(try scene.reaches(from: stranger) != passes)
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
        #expect(try !scene.reaches(from: stranger))
    }
}
