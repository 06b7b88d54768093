package import ArgumentParser

/// A command line that was read, and may be run more than once.
package struct ParsedCommand: Sendable {
    private enum Meaning {
        case unknown(UnknownCommand)
        case verb(any JitgateCommand)
        /// Help that was asked for, or a mistake in the arguments.
        case message(any Error)
        case nothing
    }

    /// The name of the tool, for messages.
    private let name: String
    private let root: any ParsableCommand.Type
    private let meaning: Meaning

    /// The meaning of words after the name of a tool.
    package init(_ arguments: [String], of root: any ParsableCommand.Type) {
        self.root = root
        name = root.configuration.commandName ?? ""
        if let unknown = UnknownCommand.find(in: arguments, of: root) {
            meaning = .unknown(unknown)
            return
        }
        do {
            var command = try root.parseAsRoot(arguments)
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
            console.note("\(name): \(unknown.message)")
            console.note("  see: \(name) --help")
            return .usage
        case .verb(let verb): return perform(verb, on: console)
        case .message(let error): return explain(error, on: console)
        case .nothing: return .done
        }
    }

    private func perform(_ verb: any JitgateCommand, on console: Console) -> ExitStatus {
        do throws(CommandFailure) {
            try verb.perform(on: console)
            return .done
        } catch {
            for line in error.message.split(separator: "\n") {
                console.note("\(name): \(DisplayText.safe(String(line)))")
            }
            for hint in error.hints { console.note("  \(DisplayText.safe(hint))") }
            return error.status
        }
    }

    private func explain(_ error: any Error, on console: Console) -> ExitStatus {
        let text = root.fullMessage(for: error)
        guard root.exitCode(for: error).isSuccess else {
            let prefix = "Error: "
            console.note(
                text.hasPrefix(prefix) ? "\(name): \(text.dropFirst(prefix.count))" : text
            )
            return .usage
        }
        console.print(text)
        return .done
    }
}
