import Admission
import ArgumentParser
import CommandSupport
import AgentSettings
import Linux
import Signatures
import StrictJSON

struct InitCommand: JitgateCommand {
    static let configuration = CommandConfiguration(
        commandName: "init",
        abstract: "Set a host up: its first policy, and a first signer from an existing key.",
        discussion: """
            Writes a policy that only observes, if there is none, and adds a signer to the file of \
            allowed signers. The key is that of --key, else the one with which you log in: the only \
            one in your ~/.ssh/authorized_keys or ~/.ssh/*.pub (those of SUDO_USER under sudo). On a \
            terminal you are asked if there are several. What is there already stays as it is, so \
            it can be run again.

              sudo jitgate init dana
              sudo jitgate init dana --key dana.pub
              sudo jitgate enable
            """
    )

    @Argument(help: "The signer's name, as records shall have it.")
    var name: String

    @Option(
        help: ArgumentHelp("A file with the signer's public key; - reads it.", valueName: "file"),
        completion: .file()
    )
    var key: String?

    @OptionGroup var format: FormatOptions
    @OptionGroup var policy: PolicyOptions

    func validate() throws {
        guard SignerName.isPlain(name) else {
            throw ValidationError("NAME: it \(SignerName.rule)")
        }
    }

    func perform(on console: Console) throws(CommandFailure) {
        let signer = NewSigner(name: name, key: try ExistingKeys(console).choose(named: key))
        let path = policy.path(console)
        let isNew = !FileAccess.exists(path)
        if isNew { try FirstPolicy.write(to: path) }
        let configuration = try policy.load(console)
        let isAdded = try signer.add(to: configuration.allowedSigners)
        report(signer, path, configuration, isNew: isNew, isAdded: isAdded, on: console)
    }

    private func report(
        _ signer: NewSigner,
        _ path: String,
        _ configuration: Configuration,
        isNew: Bool,
        isAdded: Bool,
        on console: Console
    ) {
        let ports = DisplayText.list(configuration.policy.protectedPorts)
        let mode = configuration.policy.mode.rawValue
        guard !format.json else {
            return console.print(json: [
                "policy": .string(path), "policy_written": .bool(isNew), "mode": .string(mode),
                "signer": .string(signer.name), "key": .string(signer.key.text),
                "allowed_signers": .string(configuration.allowedSigners),
                "signer_added": .bool(isAdded),
            ])
        }
        console.print("\(path): \(isNew ? "written" : "there already"): \(mode), protects \(ports)")
        let key = DisplayText.safe(signer.key.shown)
        let done = isAdded ? "\(signer.name) may sign with \(key)" : "\(key) is there already"
        console.print("\(configuration.allowedSigners): \(done)")
        console.note("next: sudo jitgate doctor; and when the log shows what you expect:")
        console.note("      sudo jitgate enable")
    }
}

/// The policy of a host that has none.
enum FirstPolicy {
    private static let text = """
        # The policy of jitgate; jitgate.toml(5) has every key. What is left out has its default:
        # `jitgate policy show` prints all of it.

        # observe: deny nothing, and record what enforce would deny. `jitgate enable` changes it.
        mode = "observe"

        # Networks that are never denied, with or without a grant: bastions, emergency access.
        trusted = []

        [[port]]
        number = 22
        protocol = "tcp"

        [[port]]
        number = 3389
        protocol = "tcp"

        [[port]]
        number = 3389
        protocol = "udp"

        """

    static func write(to path: String) throws(CommandFailure) {
        try GrantFile.replace(path, with: Array(text.utf8), mode: 0o644)
    }
}
