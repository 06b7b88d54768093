import Foundation
import TestSupport
import Testing

/// The commands of a hub's people, which jitgate-fleet has.
struct HubCommandsTests {
    private let folder: TemporaryDirectory

    init() throws {
        folder = try TemporaryDirectory()
        let program = folder.path + "/jitgate-fleet"
        try Data("#!/bin/sh\nprintf '%s|' \"$@\"\n".utf8).write(to: URL(filePath: program))
        _ = try Command.run(["chmod", "755", program])
    }

    @Test(arguments: [
        (["login", "https://hub.example.com"], "login|https://hub.example.com|"),
        (["requests", "--mine", "--json"], "requests|--mine|--json|"),
        (["approve", "--yes", "x"], "approve|--yes|x|"), (["deny", "--help"], "deny|--help|"),
        (["withdraw", "x"], "withdraw-request|x|"),
        (["ssh", "dana@web-1", "-v", "--", "a  b"], "ssh|dana@web-1|-v|--|a  b|"),
        (["request", "--host", "web-1", "--send", "--wait"], "ask|--host|web-1|--wait|"),
    ])
    func `are run with their words as they are`(words: [String], passed: String) throws {
        let result = try Command.run(
            [AgentHost.build + "jitgate"] + words,
            environment: ["PATH": folder.path + ":/usr/bin:/bin"]
        )
        #expect(result.status == 0 && result.text == passed, "\(result.errors)")
    }

    @Test func `say which package has them where it is missing`() throws {
        let result = try Command.run(
            [AgentHost.build + "jitgate", "approve", "x"],
            environment: ["PATH": "/usr/bin:/bin"]
        )
        #expect(result.status == 69 && result.errors.contains("install the package jitgate-fleet"))
    }
}
