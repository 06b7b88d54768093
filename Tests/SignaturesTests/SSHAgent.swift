import Foundation
import TestSupport

/// A real ssh-agent on a socket of its own; it is gone when the value is.
final class SSHAgent {
    let environment: [String: String]
    private let folder: TemporaryDirectory
    private let process = Process()

    /// Starts it in the foreground: what Foundation runs must not leave a daemon behind.
    init() throws {
        folder = try TemporaryDirectory()
        environment = ["SSH_AUTH_SOCK": folder.path + "/agent"]
        let output = Pipe()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["ssh-agent", "-D", "-s", "-a", folder.path + "/agent"]
        process.standardOutput = output
        try process.run()
        // It says where it listens once it does; if it ends instead, there is nothing to read.
        guard !output.fileHandleForReading.availableData.isEmpty else {
            throw CommandFailure("ssh-agent does not start")
        }
    }

    func add(_ privateFile: String) throws {
        let result = try Command.run(["ssh-add", "-q", privateFile], environment: environment)
        guard result.status == 0 else { throw CommandFailure(result.errors) }
    }

    /// A process of a test may have inherited a mask that blocks every signal but this one.
    deinit {
        guard process.isRunning else { return }
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }
}
