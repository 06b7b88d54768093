import Foundation
import Glibc
import StrictJSON
import TestSupport
import Testing

/// A program in a namespace that says a line once it is ready, and stays until the value goes.
private final class Program {
    private let process = Process()
    private let output = Pipe()

    init(in space: NetworkNamespace, _ text: String) throws {
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["nsenter", "--net=\(space.path)", "python3", "-c", text]
        process.standardOutput = output
        try process.run()
        let line = try output.fileHandleForReading.read(upToCount: 6)
        guard line == Data("ready\n".utf8) else {
            throw CommandFailure("the program says \(line.map { Array($0) } ?? [])")
        }
    }

    deinit {
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }
}

/// More sessions than may go on are there when enforcing begins.
@Suite struct `A crowd of strangers in observe mode` {
    private static let server = """
        import resource, socket
        resource.setrlimit(resource.RLIMIT_NOFILE, (8192, 8192))
        s = socket.socket(); s.bind(('192.0.2.1', 22)); s.listen(4096)
        print('ready', flush=True)
        held = []
        while True: held.append(s.accept())
        """
    private static let crowd = """
        import resource, signal, socket
        resource.setrlimit(resource.RLIMIT_NOFILE, (8192, 8192))
        held = []
        for _ in range(4100):
            s = socket.socket(); s.bind(('192.0.2.8', 0)); s.connect(('192.0.2.1', 22))
            held.append(s)
        print('ready', flush=True)
        signal.pause()
        """

    @Test(arguments: ["reload", "try"])
    func `does not cost the caller their own session`(verb: String) throws {
        let scene = try SessionScene {
            $0.replacingOccurrences(of: "\"enforce\"", with: "\"observe\"")
        }
        let server = try Program(in: scene.server, Self.server)
        let crowd = try Program(in: scene.client, Self.crowd)
        let own = try scene.connect(from: "192.0.2.7", to: 22)
        try scene.host.edit { $0.replacingOccurrences(of: "\"observe\"", with: "\"enforce\"") }
        let outcome = try scene.host.jitgate(
            verb,
            "--json",
            environment: ["SSH_CONNECTION": "192.0.2.7 \(own.port) 192.0.2.1 22"]
        )
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(try JSONNode.parse(outcome.output).value["sessions_left_out"]?.number == 4)
        #expect(outcome.errors.contains("4 sessions that were there had no room to go on"))
        let left = try scene.host.namespace.command("ss", "-Htn", "sport", "=", ":22")
        #expect(left.split(separator: "\n").count == 4097)
        #expect(left.contains("192.0.2.7:\(own.port)"))
        withExtendedLifetime((server, crowd, own)) {}
    }
}
