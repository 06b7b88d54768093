/// Why a policy file is refused: everything that is wrong with it, in the order of the file.
///
/// Of text that is no TOML it is the first mistake only, of a policy at most the first hundred.
package struct ConfigurationError: Error, Hashable, Sendable {
    /// One thing that is wrong and what would be right.
    package struct Problem: Error, Hashable, Sendable {
        package let position: Position
        /// The key as a path, `port[1].max_duration`; `nil` when the text is no TOML.
        package let key: String?
        package let reason: String
        package let remedy: String

        package init(position: Position, key: String?, reason: String, remedy: String) {
            self.position = position
            self.key = key
            self.reason = reason
            self.remedy = remedy
        }

        package var line: Int { position.line }
        package var column: Int { position.column }
    }

    package let file: String
    /// Never empty.
    package let problems: [Problem]

    package init(file: String, problems: [Problem]) {
        self.file = file
        self.problems = problems.sorted { $0.position < $1.position }
    }
}

extension ConfigurationError.Problem: CustomStringConvertible {
    /// `LINE:COLUMN: KEY REASON; REMEDY`, to stand behind the name of the file and a colon.
    package var description: String {
        let subject = key.map { "`\($0)` " } ?? ""
        return "\(line):\(column): \(subject)\(reason)" + (remedy.isEmpty ? "" : "; \(remedy)")
    }
}

extension ConfigurationError: CustomStringConvertible {
    /// A line for each problem, as compilers print them: `FILE:LINE:COLUMN: …`.
    package var description: String {
        problems.map { "\(file):\($0)" }.joined(separator: "\n")
    }
}
