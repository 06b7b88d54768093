import ArgumentParser
import CommandSupport
import Depot
import FetchSettings
import Grants
import Linux
import Publishing

/// The depot and the files to work with: by options, then the environment, then fleet.toml.
struct FleetSettings {
    static let fileName = "~/.config/jitgate/fleet.toml"

    let file: FleetConfiguration
    let place: DepotPlace?
}

/// The options that say where the depot is, and who asks.
struct DepotOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The configuration.",
            discussion: "Default: $JITGATE_FLEET_CONFIG, else \(FleetSettings.fileName), else"
                + " /etc/jitgate/fleet.toml.",
            valueName: "file"
        ),
        completion: .file()
    )
    var config: String?

    @Option(
        help: ArgumentHelp(
            "The depot: a URL, or a directory.",
            discussion: "Default: $JITGATE_DEPOT, else [depot] url.",
            valueName: "place"
        ),
        completion: .directory
    )
    var depot: String?

    @Option(
        help: ArgumentHelp("The authorities of the depot's certificate.", valueName: "file"),
        completion: .file()
    )
    var ca: String?

    @Option(
        help: ArgumentHelp("The client certificate with its key.", valueName: "file"),
        completion: .file()
    )
    var certificate: String?

    @Option(
        help: ArgumentHelp("The keys of an S3-compatible store.", valueName: "file"),
        completion: .file()
    )
    var credentials: String?
}

extension DepotOptions {
    func configuration(_ console: Console) throws(CommandFailure) -> FleetSettings {
        var file = try readFile(console)
        file.authorities = ca ?? file.authorities
        file.certificate = certificate ?? file.certificate
        file.credentials = credentials ?? file.credentials
        let text = depot ?? console.variable("JITGATE_DEPOT") ?? file.depot
        return FleetSettings(file: file, place: try text.map(Self.place))
    }

    private static func place(_ text: String) throws(CommandFailure) -> DepotPlace {
        do throws(DepotURLError) {
            return try DepotPlace(text)
        } catch {
            throw CommandFailure(
                .usage,
                "the depot \(DisplayText.safe(text.debugDescription)) is neither a URL nor a path from"
                    + " / or ./",
                hints: [error.remedy]
            )
        }
    }

    private func readFile(_ console: Console) throws(CommandFailure) -> FleetConfiguration {
        guard let path = config ?? console.variable("JITGATE_FLEET_CONFIG") ?? Self.found(console)
        else { return FleetConfiguration() }
        let bytes = try GrantFile.read(path, limit: FleetConfiguration.fileLimit)
        do throws(FetchConfigurationError) {
            return try FleetConfiguration(parsing: bytes, file: path)
        } catch {
            throw CommandFailure(.configuration, error.description)
        }
    }

    private static func found(_ console: Console) -> String? {
        let own =
            console.variable("XDG_CONFIG_HOME")
            ?? console.variable("HOME").map { $0 + "/.config" }
        let paths = [own.map { $0 + "/jitgate/fleet.toml" }, "/etc/jitgate/fleet.toml"]
        return paths.compactMap(\.self).first(where: FileAccess.exists)
    }

    func store(_ settings: FleetSettings) throws(CommandFailure) -> any DepotStore {
        guard let place = settings.place else {
            throw CommandFailure(
                .usage,
                "no depot is named",
                hints: ["name it with --depot, $JITGATE_DEPOT, or in \(FleetSettings.fileName)"]
            )
        }
        var files = DepotFiles()
        files.authorities = settings.file.authorities
        files.certificate = settings.file.certificate
        files.credentials = settings.file.credentials
        return try DepotStores.open(
            place,
            as: files,
            agent: "jitgate-fleet/\(Release.version)"
        )
    }
}
