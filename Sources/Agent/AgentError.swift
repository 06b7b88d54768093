/// Why the agent cannot run: one lower-case clause that names the file.
package struct AgentError: Error, Hashable, Sendable, CustomStringConvertible {
    package let description: String

    init(_ description: String) {
        self.description = description
    }
}
