import Configuration

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
        let bytes = try GrantFile.read(path, limit: 1 << 20)
        do throws(ConfigurationError) {
            return try Configuration(parsing: bytes, file: path)
        } catch {
            throw CommandFailure(status, "\(error)")
        }
    }
}
