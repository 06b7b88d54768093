import Glibc
import SystemPackage

/// The command line of jitgate-fetch.
package enum FetchingCommand {
    /// An action, and the configuration that it goes by.
    struct Options: Hashable {
        enum Action: Hashable {
            case run, check, once, help, version
        }

        var action = Action.run
        var configuration = "/etc/jitgate/fetch.toml"
    }

    static let help = """
        Brings signed files from a depot to an inbox of jitgated.

        Without --check and --once it runs until SIGTERM, and asks the depot every 10 seconds.
        Nothing that it brings opens a port by itself: jitgated checks each signature.

        USAGE: jitgate-fetch [--config <file>] [--check | --once]

          --config <file>  The configuration (default: /etc/jitgate/fetch.toml).
          --check          Check the configuration and exit.
          --once           Bring all files once, now, and exit; the status is 1 if any is missing.
          --version        Show the version.
          -h, --help       Show this help.

        EXAMPLES:
          jitgate-fetch --check
          jitgate-fetch --once --config ./fetch.toml

        See also jitgate-fetch(8) and jitgate-fetch.toml(5).

        """

    /// Does what the arguments say, and ends the process.
    package static func run(_ arguments: [String]) -> Never {
        do throws(FetchError) {
            try act(try options(arguments))
            exit(0)
        } catch {
            error.tell()
            exit(error.exitStatus)
        }
    }

    static func options(_ arguments: [String]) throws(FetchError) -> Options {
        var (options, rest) = (Options(), arguments[...])
        while let word = rest.popFirst() {
            let action: Options.Action
            switch word {
            case "--config",
                _ where word.hasPrefix("--config="):
                let value = word == "--config" ? rest.popFirst() : String(word.dropFirst(9))
                guard let value, !value.isEmpty else { throw .usage("--config needs a file") }
                options.configuration = value
                continue
            case "--check": action = .check
            case "--once": action = .once
            case "--version": action = .version
            case "--help", "-h": action = .help
            default: throw .usage("unknown argument '\(word)'")
            }
            if action == .help { return Options(action: .help) }
            guard options.action == .run || options.action == action else {
                throw .usage("--check, --once and --version exclude each other")
            }
            options.action = action
        }
        return options
    }

    private static func act(_ options: Options) throws(FetchError) {
        switch options.action {
        case .run: try Fetching.run(options.configuration)
        case .once: guard try Fetching.once(options.configuration) else { throw .incomplete }
        case .check:
            try Fetching.check(options.configuration)
            say("\(options.configuration): ok\n")
        case .version: say(Fetching.version + "\n")
        case .help: say(help)
        }
    }

    private static func say(_ text: String) {
        _ = try? FileDescriptor.standardOutput.writeAll(text.utf8)
    }
}
