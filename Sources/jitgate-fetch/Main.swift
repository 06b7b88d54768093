import Fetching

/// The command line of jitgate-fetch; all else is in Fetching.
///
/// It is read by hand: ArgumentParser links FoundationEssentials, which is 8 MB for three options.
@main
enum Main {
    static func main() {
        FetchingCommand.run(Array(CommandLine.arguments.dropFirst()))
    }
}
