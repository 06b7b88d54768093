/// What was found wrong with a file so far, so that its author hears of everything at once.
///
/// A class, because every section of one file adds to the same findings; it lives no longer than
/// the reading of that file.
final class Findings {
    /// Whoever reads a hundred messages has stopped reading; a hostile file gets no more.
    static let limit = 100

    private(set) var problems: [ConfigurationError.Problem] = []
    private let document: Document

    init(document: Document) {
        self.document = document
    }

    var isFull: Bool { problems.count >= Self.limit }

    func add(_ path: SettingPath, _ refusal: Setting.Refusal) {
        guard !isFull else { return }
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
