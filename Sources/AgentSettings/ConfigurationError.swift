package import StrictTOML

/// The mistakes of a policy file that is refused, in the order of the file.
///
/// Only the first mistake of text that is no TOML; at most the first hundred of a policy.
package struct ConfigurationError: Error, Hashable, Sendable {
    package let file: String
    /// Never empty.
    package let problems: [TOMLProblem]

    package init(file: String, problems: [TOMLProblem]) {
        self.file = file
        self.problems = problems.sorted { $0.position < $1.position }
    }
}

extension ConfigurationError: CustomStringConvertible {
    /// A line for each problem, as compilers print them: `FILE:LINE:COLUMN: …`.
    package var description: String {
        problems.map { "\(file):\($0)" }.joined(separator: "\n")
    }
}
