import ArgumentParser
import CommandSupport
import Grants

/// A file to be signed: the hosts that it is for, and where it is written.
struct FileToSignOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "A host it is for: a name, a glob, machine-id:HEX or label:NAME=VALUE (default: this one).",
            valueName: "host"
        ),
        transform: HostPattern.init(parsing:)
    )
    var host: [HostPattern] = []

    @Option(name: .shortAndLong, help: RequestFile.help, completion: .file())
    var output: String?

    /// The hosts that were named, or this one, as its policy calls it.
    func hosts(
        or policy: PolicyOptions,
        on console: Console
    ) throws(CommandFailure) -> [HostPattern] {
        host.isEmpty ? [try ThisHost(policy).pattern(console)] : host
    }

    /// The writer of the file; to the standard output if none was named.
    func writer(_ format: FormatOptions, _ policy: PolicyOptions) -> RequestFile {
        RequestFile(output ?? "-", format, policy)
    }
}
