import Glibc
import SystemPackage

/// Why the agent cannot run: one lower-case clause that names the file.
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

    /// Says on standard error, a line a problem, what is wrong.
    package func tell() {
        let lines = description.split(separator: "\n").map { "jitgated: \($0)\n" }
        _ = try? FileDescriptor.standardError.writeAll(lines.joined().utf8)
    }
}
