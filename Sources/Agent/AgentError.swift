import Glibc
import SystemPackage

/// The reason that the agent cannot run: one lower-case clause that names the file.
package struct AgentError: Error, Hashable, Sendable, CustomStringConvertible {
    package let description: String
    /// Of sysexits.h: 78 if the policy is wrong, 71 for all else.
    package let exitStatus: Int32

    init(_ description: String) {
        self.description = description
        exitStatus = EX_OSERR
    }

    init(policy description: String) {
        self.description = description
        exitStatus = EX_CONFIG
    }

    /// Runs a step that a start needs; its error says what was tried and what is missing.
    static func attempt<Value: ~Copyable>(
        _ what: String,
        _ call: () throws(Errno) -> Value
    ) throws(AgentError) -> Value {
        do throws(Errno) {
            return try call()
        } catch {
            throw AgentError("\(what): \(error)" + (remedies[error].map { "; \($0)" } ?? ""))
        }
    }

    private static let remedies: [Errno: String] = [
        .tooManyOpenFiles: "raise LimitNOFILE= of the unit, or ulimit -n",
        .tooManyOpenFilesInSystem: "raise it by sysctl fs.file-max",
        .notPermitted: "it takes a capability that this container or unit lacks (jitgated(8))",
        .noMemory: "the memory is used up, or that of the unit",
    ]

    /// Prints what is wrong on standard error, a line a problem.
    package func tell() {
        let lines = description.split(separator: "\n").map { "jitgated: \($0)\n" }
        _ = try? FileDescriptor.standardError.writeAll(lines.joined().utf8)
    }
}
