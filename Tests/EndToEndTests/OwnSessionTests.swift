import TestSupport
import Testing

@Suite struct `A reload behind su` {
    private static let connection = ["SSH_CONNECTION": "192.0.2.9 50000 192.0.2.1 22"]

    private func run(
        _ words: [String],
        on host: AgentHost,
        environment: [String: String] = [:]
    ) throws -> Command.Result {
        try Command.run(
            ["nsenter", "--net=\(host.namespace.path)"] + words,
            environment: environment
        )
    }

    private func reload(on host: AgentHost) -> String {
        "\(AgentHost.build)jitgate reload --config \(host.policyPath)"
    }

    @Test(arguments: [
        "@", "env -i @", "su root -s /bin/sh -c '@'", "su - root -s /bin/sh -c '@'",
        "su - root -s /bin/sh -c 'env -i @'",
    ])
    func `does not cut the caller's own session`(typed: String) throws {
        let host = try AgentHost()
        try host.start()
        let line = typed.replacing("@", with: reload(on: host)) + "; exit $?"
        let result = try run(["bash", "-c", line], on: host, environment: Self.connection)
        #expect(result.status == 1)
        #expect(result.errors.contains("your own session, from 192.0.2.9 to 22/tcp, would be cut"))
    }

    @Test func `finds the session by the server that holds it, whatever the environment says`()
        throws
    {
        let host = try AgentHost()
        try host.namespace.ip("addr", "add", "192.0.2.1/32", "dev", "lo")
        try host.start()
        let program = """
            import socket, subprocess, sys
            s = socket.socket(); s.bind(('192.0.2.1', 22)); s.listen()
            c = socket.create_connection(('192.0.2.1', 22)); held = s.accept()
            sys.exit(subprocess.run(sys.argv[1].split(), env={}).returncode)
            """
        let result = try run(["env", "-i", "python3", "-c", program, reload(on: host)], on: host)
        #expect(result.status == 1)
        #expect(result.errors.contains("your own session, from 192.0.2.1 to 22/tcp, would be cut"))
    }

    @Test func `goes on where nobody came in from elsewhere`() throws {
        let host = try AgentHost()
        try host.start()
        #expect(try run(["bash", "-c", reload(on: host)], on: host).status == 0)
    }
}
