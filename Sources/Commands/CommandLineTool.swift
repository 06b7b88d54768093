import ArgumentParser
import Glibc

/// `jitgate` from its words to its exit status.
package enum CommandLineTool {
    /// Runs the process's own command line and ends the process.
    package static func main() -> Never {
        exit(run(Array(CommandLine.arguments.dropFirst()), on: .system()).rawValue)
    }

    package static func run(_ arguments: [String], on console: Console) -> ExitStatus {
        if let unknown = UnknownCommand.find(in: arguments) {
            console.note("jitgate: \(unknown.message)")
            console.note("  see: jitgate --help")
            return .usage
        }
        do {
            var command = try RootCommand.parseAsRoot(arguments)
            guard let verb = command as? any Verb else {
                try command.run()
                return .done
            }
            return perform(verb, on: console)
        } catch {
            return explain(error, on: console)
        }
    }

    private static func perform(_ verb: any Verb, on console: Console) -> ExitStatus {
        do throws(CommandFailure) {
            try verb.perform(on: console)
            return .done
        } catch {
            for line in error.message.split(separator: "\n") {
                console.note("jitgate: \(ShownText.safe(String(line)))")
            }
            for hint in error.hints { console.note("  \(ShownText.safe(hint))") }
            return error.status
        }
    }

    /// Prints the help that was asked for, or what is wrong with the words.
    private static func explain(_ error: any Error, on console: Console) -> ExitStatus {
        let text = RootCommand.fullMessage(for: error)
        guard RootCommand.exitCode(for: error).isSuccess else {
            let prefix = "Error: "
            console.note(
                text.hasPrefix(prefix) ? "jitgate: \(text.dropFirst(prefix.count))" : text
            )
            return .usage
        }
        console.print(text)
        return .done
    }
}
