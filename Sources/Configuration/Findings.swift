/// What was found wrong with a file so far, so that its author hears of everything at once.
///
/// A class, because every section of one file adds to the same findings; it lives no longer than
/// the reading of that file.
final class Findings {
    private(set) var problems: [ConfigurationError.Problem] = []
    private let locator: KeyLocator

    init(locator: KeyLocator) {
        self.locator = locator
    }

    func add(_ path: SettingPath, _ refusal: Setting.Refusal) {
        problems.append(
            ConfigurationError.Problem(
                position: locator.position(of: path),
                key: path.description,
                reason: refusal.reason,
                remedy: refusal.remedy
            )
        )
    }

    /// The line that `path` stands on, for a message about another.
    func line(of path: SettingPath) -> Int { locator.position(of: path).line }
}
