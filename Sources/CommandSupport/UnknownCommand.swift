import ArgumentParser
import StrictTOML

/// A word where a command belongs, and that is none.
struct UnknownCommand {
    let word: String
    /// The commands that there are in its place.
    let known: [String]

    /// The first word that is no command where one belongs; `nil` if there is none.
    static func find(
        in arguments: [String],
        of root: any ParsableCommand.Type
    ) -> UnknownCommand? {
        var command = root
        for word in arguments {
            let children = command.configuration.subcommands
            guard !children.isEmpty, !word.hasPrefix("-"), word != "help" else { return nil }
            guard let next = children.first(where: { name(of: $0) == word }) else {
                return UnknownCommand(word: word, known: children.map { name(of: $0) })
            }
            command = next
        }
        return nil
    }

    private static func name(of command: any ParsableCommand.Type) -> String {
        command.configuration.commandName ?? ""
    }

    var message: String {
        let letters = Array(word.prefix(32))
        let near = known.map { (name: $0, distance: Spelling.distance(letters, Array($0))) }
            .filter { $0.distance <= 2 }.min { $0.distance < $1.distance }
        let text = "there is no command `\(DisplayText.safe(word))`"
        return near.map { "\(text); did you mean `\($0.name)`?" }
            ?? "\(text); there are \(known.joined(separator: ", "))"
    }
}
