import Grants

/// A source as it is named on the command line: a network, or `my` own address.
enum SourceArgument: Hashable, Sendable {
    case my
    case network(Prefix)

    init(parsing text: String) throws(TextError) {
        self = text == "my" ? .my : .network(try Prefix(parsing: text))
    }

    /// `my` is where this SSH session comes from (SSH_CONNECTION of ssh(1)).
    func prefix(_ console: Console) throws(CommandFailure) -> Prefix {
        switch self {
        case .network(let prefix): return prefix
        case .my:
            guard let address = console.variable("SSH_CONNECTION")?.split(separator: " ").first
            else {
                throw CommandFailure(
                    .usage,
                    "`my`: SSH_CONNECTION is not set, so this is no SSH session",
                    hints: ["name your address or network instead"]
                )
            }
            do throws(TextError) {
                return try Prefix(parsing: String(address))
            } catch {
                throw CommandFailure(.usage, "`my`: \(error)")
            }
        }
    }
}
