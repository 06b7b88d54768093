import ArgumentParser
import CommandSupport
import FetchSettings
import Grants
import Linux
import Transfer

/// The options that say where the hub is, and who asks.
struct HubOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The URL of the hub.",
            discussion: "Default: $JITGATE_HUB, else hub of ~/.config/jitgate/config.toml.",
            valueName: "url"
        )
    )
    var hub: String?

    @Option(
        help: ArgumentHelp(
            "The authorities of the hub's certificate.",
            discussion: "Default: hub_ca of config.toml, else the system's.",
            valueName: "file"
        ),
        completion: .file()
    )
    var ca: String?

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp(
            "The key that logs in and signs.",
            discussion: "Default: the first of ssh-agent, else of ~/.ssh.",
            valueName: "file"
        ),
        completion: .file()
    )
    var key: String?
}

extension HubOptions {
    /// The hub that is named; `stated` comes before all other places.
    func client(
        _ stated: String? = nil,
        on console: Console
    ) throws(CommandFailure) -> HubClient {
        let file = try RequestDefaults.own(console)
        guard let text = stated ?? hub ?? console.variable("JITGATE_HUB") ?? file.hub else {
            throw CommandFailure(
                .usage,
                "no hub is named",
                hints: [
                    "name it with --hub, $JITGATE_HUB, or in ~/.config/jitgate/config.toml:"
                        + " hub = \"https://hub.example.com\""
                ]
            )
        }
        let url = try Self.url(text)
        return HubClient(
            url,
            try Self.connection(ca ?? file.hubAuthorities),
            tokens: HubTokenFile(of: url, console),
            key: key,
            on: console
        )
    }

    private static func url(_ text: String) throws(CommandFailure) -> String {
        do throws(DepotURLError) {
            return try DepotURL(text).description
        } catch {
            let shown = DisplayText.safe(text.debugDescription)
            let example = "a hub has a URL such as https://hub.example.com"
            let remedy = error.remedy.hasPrefix("a URL such as") ? example : error.remedy
            throw CommandFailure(.usage, "\(shown) is no URL of a hub", hints: [remedy])
        }
    }

    static func connection(_ authorities: String?) throws(CommandFailure) -> DepotConnection {
        var identity = Identity()
        identity.authorities = authorities
        let agent = "jitgate-fleet/\(Release.version)"
        guard let connection = DepotConnection(as: identity, agent: agent, stoppingAt: -1) else {
            throw CommandFailure(.unavailable, "libcurl cannot be initialised")
        }
        return connection
    }

    /// The answer of a server that is asked once; `authorities` is that of its certificate, or `nil`: the system's.
    static func answer(
        to request: Request,
        trusting authorities: String?
    ) throws(CommandFailure) -> Response {
        let connection = try connection(authorities)
        do throws(TransferError) {
            return try connection.perform(request)
        } catch {
            throw CommandFailure(.unavailable, "no answer from \(request.url): \(error)")
        }
    }

    /// The key that signs: the one that is named, or the default.
    static func signer(_ key: String?, on console: Console) throws(CommandFailure) -> SSHSigner {
        guard let key else { return try SSHSigner(defaultFor: console) }
        return SSHSigner(key: .file(key))
    }
}
