import Glibc
package import Grants
package import StrictJSON

/// The parts of the outside world that a command uses besides files and the agent.
package struct Console: Sendable {
    /// The microseconds between two checks of an awaited event.
    private static let pause: UInt32 = 20_000

    /// Environment variables.
    package let environment: [String: String]
    /// True if the standard output is a terminal.
    package let isTerminal: Bool
    package let now: @Sendable () -> Moment
    /// The seconds by which the local time is ahead of UTC at a moment.
    package let secondsEast: @Sendable (Moment) -> Int
    /// Takes bytes for the standard output.
    package let write: @Sendable ([UInt8]) -> Void
    /// Takes a line for the standard error.
    package let note: @Sendable (String) -> Void
    /// Reads all of the standard input.
    package let readInput: @Sendable () -> [UInt8]
    /// Asks a question on the terminal and returns the line that is typed, `nil` at its end; `nil`
    /// where nobody would answer.
    package let ask: (@Sendable (String) -> String?)?
    /// Shows the progress of a long task, in place of the last report; `nil` where nobody sees it.
    package let progress: (@Sendable (String) -> Void)?
    /// The connections by which the caller may be logged in, as SSH_CONNECTION has them.
    package let connections: @Sendable () -> [String]
    /// The time to wait for something that a running agent is about to write.
    package let patience: Duration

    package init(
        environment: [String: String],
        isTerminal: Bool,
        now: @escaping @Sendable () -> Moment,
        secondsEast: @escaping @Sendable (Moment) -> Int,
        write: @escaping @Sendable ([UInt8]) -> Void,
        note: @escaping @Sendable (String) -> Void,
        readInput: @escaping @Sendable () -> [UInt8],
        ask: (@Sendable (String) -> String?)? = nil,
        progress: (@Sendable (String) -> Void)? = nil,
        connections: (@Sendable () -> [String])? = nil,
        patience: Duration = .seconds(2)
    ) {
        self.environment = environment
        self.isTerminal = isTerminal
        self.now = now
        self.secondsEast = secondsEast
        self.write = write
        self.note = note
        self.readInput = readInput
        self.ask = ask
        self.progress = progress
        let own = environment["SSH_CONNECTION"].map { [$0] } ?? []
        self.connections = connections ?? { own }
        self.patience = patience
    }

    /// The same console for one of many tasks, which shows no progress of its own and waits for no
    /// agent.
    package var forOneOfMany: Console {
        Console(
            environment: environment,
            isTerminal: isTerminal,
            now: now,
            secondsEast: secondsEast,
            write: write,
            note: note,
            readInput: readInput,
            connections: connections,
            patience: .zero
        )
    }

    package func print(_ line: String) {
        write(Array(line.utf8) + [UInt8(ascii: "\n")])
    }

    package func print(json value: JSONValue) {
        write(value.prettyEncoded() + [UInt8(ascii: "\n")])
    }

    /// Returns true once `isSo` holds, or false if it did not in time.
    package func wait(until isSo: () -> Bool) -> Bool {
        let end = ContinuousClock.now + patience
        while !isSo() {
            guard ContinuousClock.now < end else { return false }
            usleep(Self.pause)
        }
        return true
    }

    /// An environment variable that is set and not empty.
    package func variable(_ name: String) -> String? {
        environment[name].flatMap { $0.isEmpty ? nil : $0 }
    }

    /// The person who types, also behind sudo.
    package func userName() throws(CommandFailure) -> String {
        guard let name = variable("SUDO_USER") ?? variable("USER") else {
            throw CommandFailure(.usage, "USER is not set: say who comes in with --requestor")
        }
        return name
    }

    /// The colours that draw attention on a terminal, unless `NO_COLOR` is set (https://no-color.org).
    package enum Colour: Int {
        case red = 31
        case green = 32
        case yellow = 33
    }

    package func paint(_ text: String, _ colour: Colour?) -> String {
        guard let colour, isTerminal, variable("NO_COLOR") == nil else { return text }
        return "\u{1B}[\(colour.rawValue)m\(text)\u{1B}[0m"
    }
}
