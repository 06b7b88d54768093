import Glibc
import Grants
import Linux
import SystemPackage

extension Console {
    /// The console of this process.
    package static func system() -> Console {
        let environment = environmentVariables()
        return Console(
            environment: environment,
            isTerminal: isatty(STDOUT_FILENO) == 1,
            now: { Moment(microseconds: ClockReading.now().wallMicroseconds) },
            secondsEast: { LocalTime.secondsEast(atSecond: $0.microseconds / 1_000_000) },
            write: { bytes in writeAll(bytes, to: .standardOutput) },
            note: { line in writeAll(Array("\(line)\n".utf8), to: .standardError) },
            readInput: readAll,
            ask: isatty(STDIN_FILENO) == 1 && isatty(STDERR_FILENO) == 1 ? ask : nil,
            progress: isatty(STDERR_FILENO) == 1 ? showProgress : nil,
            connections: { CallerSessions.connections(besides: environment["SSH_CONNECTION"]) }
        )
    }

    /// On the standard error, since the standard output may be the file.
    @Sendable private static func ask(_ question: String) -> String? {
        writeAll(Array(question.utf8), to: .standardError)
        return readLine()
    }

    /// Goes back to the line's beginning and erases what was there.
    @Sendable private static func showProgress(_ text: String) {
        writeAll(Array("\r\u{1B}[K\(text)".utf8), to: .standardError)
    }

    private static func environmentVariables() -> [String: String] {
        var variables = ProcessEnvironment.variables()
        let ours = "SSH_CONNECTION"
        if variables[ours] == nil {
            variables[ours] = ProcessAncestry.variable(ours)
        }
        return variables
    }

    private static func writeAll(_ bytes: [UInt8], to descriptor: FileDescriptor) {
        do {
            try descriptor.writeAll(bytes)
        } catch {
            // Nobody is left to be told.
            exit(ExitStatus.inputOutput.rawValue)
        }
    }

    /// The largest file that any command takes: a proof of a record.
    private static let inputLimit = 8 << 20

    /// Stops a little beyond the largest file.
    private static func readAll() -> [UInt8] {
        let input = OwnedDescriptor(adopting: dup(STDIN_FILENO))
        var bytes: [UInt8] = []
        while bytes.count <= inputLimit,
            let chunk = try? input.readChunk(65_536), !chunk.isEmpty
        {
            bytes += chunk
        }
        return bytes
    }
}
