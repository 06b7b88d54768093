/// What was found wrong with a file so far, so that its author hears of everything at once.
///
/// A class, because every section of one file adds to the same findings; it lives no longer than
/// the reading of that file.
final class Findings {
    private(set) var problems: [ConfigurationError.Problem] = []
    private let document: Document

    init(document: Document) {
        self.document = document
    }

    func add(_ path: SettingPath, _ refusal: Setting.Refusal) {
        problems.append(
            ConfigurationError.Problem(
                position: document.position(of: path),
                key: path.description,
                reason: refusal.reason,
                remedy: refusal.remedy
            )
        )
    }

    /// The line that `path` stands on, for a message about another.
    func line(of path: SettingPath) -> Int { document.position(of: path).line }
}
