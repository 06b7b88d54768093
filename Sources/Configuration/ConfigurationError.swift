package import StrictTOML

/// Why a policy file is refused: everything that is wrong with it, in the order of the file.
///
/// Of text that is no TOML it is the first mistake only, of a policy at most the first hundred.
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
