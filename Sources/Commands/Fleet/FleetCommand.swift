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

    func perform(on console: Console) throws(CommandFailure) {
        let reason = ProgramReplacement.execute([Self.program] + words)
        guard reason == .noSuchFileOrDirectory else {
            throw CommandFailure(.unavailable, "\(Self.program): \(reason)")
        }
        throw CommandFailure(
            .unavailable,
            "\(Self.program) is not installed",
            hints: ["install the package \(Self.program)"]
        )
    }
}
