import Foundation

/// Connects to port 22 continuously, from an address with a grant and from one without.
package final class Prober {
    package struct Result: Sendable {
        package var tries = 0
        /// The number of times that the granted address got no answer.
        package var losses = 0
        /// The number of times that the foreign address got an answer.
        package var leaks = 0
    }

    private let process = Process()
    private let output = Pipe()

    /// Starts probing before it returns; nothing need listen, since a reset is an answer.
    package init(
        in space: NetworkNamespace,
        granted: String,
        foreign: String,
        target: String
    ) throws {
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [
            "nsenter", "--net=\(space.path)", "python3", "-u", "-c", Self.script, granted, foreign,
            target,
        ]
        process.standardOutput = output
        try process.run()
        guard output.fileHandleForReading.availableData == Data("ready\n".utf8) else {
            throw CommandFailure("the prober does not run")
        }
    }

    deinit {
        if process.isRunning { process.terminate() }
    }

    /// Stops probing and returns the counts.
    package func stop() throws -> Result {
        process.terminate()
        let text = String(
            decoding: try output.fileHandleForReading.readToEnd() ?? Data(),
            as: UTF8.self
        )
        process.waitUntilExit()
        let numbers = text.split(whereSeparator: \.isWhitespace).compactMap { Int($0) }
        guard numbers.count == 3 else { throw CommandFailure("the prober said \(text)") }
        return Result(tries: numbers[0], losses: numbers[1], leaks: numbers[2])
    }

    private static let script = """
        import signal, socket, sys, threading, time
        granted, foreign, target = sys.argv[1:]
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})  # as it was inherited
        state = {'runs': True}
        signal.signal(signal.SIGTERM, lambda *_: state.update(runs=False))
        def answered(source, limit):
            client = socket.socket(socket.AF_INET6 if ':' in source else socket.AF_INET)
            client.settimeout(limit)
            client.bind((source, 0))
            try: client.connect((target, 22)); return True
            except ConnectionRefusedError: return True
            except TimeoutError: return False
            finally: client.close()
        counts = [0, 0, 0]
        def ask_granted():
            while state['runs']:
                counts[0] += 1
                if not answered(granted, 0.9): counts[1] += 1
                time.sleep(0.001)
        def ask_foreign():
            while state['runs']:
                if answered(foreign, 0.003): counts[2] += 1
        workers = [threading.Thread(target=work) for work in (ask_granted, ask_foreign)]
        for worker in workers: worker.start()
        sys.stdout.write('ready\\n')
        while state['runs']: time.sleep(0.05)
        for worker in workers: worker.join()
        print(*counts)
        """
}
