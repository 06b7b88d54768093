import CommandSupport
import AgentSettings

extension PolicyOptions {
    /// The policy by which the agent and its files are found.
    func load(_ console: Console) throws(CommandFailure) -> Configuration {
        try Self.load(path(console), failingWith: .configuration)
    }

    /// A file somewhat larger than any policy is read, for the policy's own message about it.
    static func load(
        _ path: String,
        failingWith status: ExitStatus
    ) throws(CommandFailure) -> Configuration {
        let bytes: [UInt8]
        do throws(CommandFailure) {
            bytes = try GrantFile.read(path, limit: Configuration.fileLimit)
        } catch {
            guard error.status == .noInput else { throw error }
            let hint = "name another with --config; an empty one means the defaults"
            throw CommandFailure(error.status, error.message, hints: [hint])
        }
        do throws(ConfigurationError) {
            return try Configuration(parsing: bytes, file: path)
        } catch {
            throw CommandFailure(status, "\(error)")
        }
    }
}
