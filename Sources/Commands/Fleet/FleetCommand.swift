import ArgumentParser
import CommandSupport
import Linux
import SystemPackage

/// Runs another program, as git does, so that `jitgate` links no network.
struct FleetCommand: JitgateCommand {
    static let program = "jitgate-fleet"

    static let configuration = CommandConfiguration(
        commandName: "fleet",
        abstract: "Reach the hosts of a fleet: run jitgate-fleet with these arguments.",
        discussion: """
            The package jitgate-fleet has the program, since this one has no network.

              jitgate fleet post g.grant
              jitgate fleet --help
            """
    )

    @Argument(
        parsing: .captureForPassthrough,
        help: ArgumentHelp("The arguments of jitgate-fleet.", valueName: "words")
    )
    var words: [String] = []

    func perform(on console: Console) throws(CommandFailure) { try Self.run(words) }

    /// Runs the program in place of this one.
    static func run(_ words: [String]) throws(CommandFailure) {
        let reason = ProgramReplacement.execute([program] + words)
        guard reason == .noSuchFileOrDirectory else {
            throw CommandFailure(.unavailable, "\(program): \(reason)")
        }
        throw CommandFailure(
            .unavailable,
            "\(program) is not installed",
            hints: ["install the package \(program)"]
        )
    }
}
