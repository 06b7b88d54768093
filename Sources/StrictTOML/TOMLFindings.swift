/// The mistakes found in a file so far, so that its author hears of all at once.
///
/// A class, because every table of one file adds to the same findings; it lives no longer than
/// the reading of that file.
package final class TOMLFindings {
    /// The most messages: nobody reads more than a hundred, and a hostile file gets no more.
    static let limit = 100

    package private(set) var problems: [TOMLProblem] = []
    private let document: TOMLDocument

    package init(document: TOMLDocument) {
        self.document = document
    }

    package var isFull: Bool { problems.count >= Self.limit }

    package func add(_ path: TOMLPath, _ refusal: TOMLValue.Refusal) {
        guard !isFull else { return }
        problems.append(
            TOMLProblem(
                position: document.position(of: path),
                key: path.description,
                reason: refusal.reason,
                remedy: refusal.remedy
            )
        )
    }

    /// The line that `path` stands on, for a message about another.
    package func line(of path: TOMLPath) -> Int { document.position(of: path).line }
}
