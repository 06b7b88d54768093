/// A mistake in a TOML file, and what would be right.
package struct TOMLProblem: Error, Hashable, Sendable {
    package let position: TOMLPosition
    /// The key as a path, `port[1].max_duration`; `nil` when the text is no TOML.
    package let key: String?
    package let reason: String
    package let remedy: String

    package init(position: TOMLPosition, key: String?, reason: String, remedy: String) {
        self.position = position
        self.key = key
        self.reason = reason
        self.remedy = remedy
    }

    /// A problem of the text itself, before any key has a meaning.
    init(at position: TOMLPosition, _ reason: String, _ remedy: String) {
        self.init(position: position, key: nil, reason: reason, remedy: remedy)
    }

    package var line: Int { position.line }
    package var column: Int { position.column }
}

extension TOMLProblem: CustomStringConvertible {
    /// `LINE:COLUMN: KEY REASON; REMEDY`, to stand behind the name of the file and a colon.
    package var description: String {
        let subject = key.map { "`\($0)` " } ?? ""
        return "\(line):\(column): \(subject)\(reason)" + (remedy.isEmpty ? "" : "; \(remedy)")
    }
}
