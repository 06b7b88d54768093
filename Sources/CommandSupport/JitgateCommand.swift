package import ArgumentParser

/// One command of a tool: its words are parsed by ArgumentParser, its work is done here.
package protocol JitgateCommand: ParsableCommand, Sendable {
    func perform(on console: Console) throws(CommandFailure)
}

/// The choice of an answer for programs.
package struct FormatOptions: ParsableArguments {
    @Flag(help: "Print JSON instead of text.")
    package var json = false

    package init() {}
}
