import ArgumentParser

/// What the words of a command line ask for, which may be done more than once.
package struct ParsedCommand: Sendable {
    private enum Meaning {
        case unknown(UnknownCommand)
        case verb(any JitgateCommand)
        /// Help that is asked for, or what is wrong with the words.
        case message(any Error)
        case nothing
    }

    private let meaning: Meaning

    package init(_ arguments: [String]) {
        if let unknown = UnknownCommand.find(in: arguments) {
            meaning = .unknown(unknown)
            return
        }
        do {
            var command = try RootCommand.parseAsRoot(arguments)
            if let verb = command as? any JitgateCommand {
                meaning = .verb(verb)
            } else {
                // All that it does is to throw its help.
                try command.run()
                meaning = .nothing
            }
        } catch {
            meaning = .message(error)
        }
    }

    package func run(on console: Console) -> ExitStatus {
        switch meaning {
        case .unknown(let unknown):
            console.note("jitgate: \(unknown.message)")
            console.note("  see: jitgate --help")
            return .usage
        case .verb(let verb): return Self.perform(verb, on: console)
        case .message(let error): return Self.explain(error, on: console)
        case .nothing: return .done
        }
    }

    private static func perform(_ verb: any JitgateCommand, on console: Console) -> ExitStatus {
        do throws(CommandFailure) {
            try verb.perform(on: console)
            return .done
        } catch {
            for line in error.message.split(separator: "\n") {
                console.note("jitgate: \(DisplayText.safe(String(line)))")
            }
            for hint in error.hints { console.note("  \(DisplayText.safe(hint))") }
            return error.status
        }
    }

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
