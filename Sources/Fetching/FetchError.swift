import Glibc
import SystemPackage

/// The reason why the program cannot run.
package struct FetchError: Error, Hashable, Sendable, CustomStringConvertible {
    package let description: String
    /// Of sysexits.h: 64 for usage, 78 for the configuration, 71 for the host; or 1.
    package let exitStatus: Int32

    init(_ description: String) {
        self.description = description
        exitStatus = EX_OSERR
    }

    /// The depot did not answer for everything, or files are missing; the log has said which.
    package static let incomplete = FetchError("not all was brought", exitStatus: 1)

    /// The command line is wrong.
    static func usage(_ description: String) -> FetchError {
        FetchError(description + "; see jitgate-fetch --help", exitStatus: EX_USAGE)
    }

    private init(_ description: String, exitStatus: Int32) {
        (self.description, self.exitStatus) = (description, exitStatus)
    }

    init(configuration description: String) {
        self.description = description
        exitStatus = EX_CONFIG
    }

    /// Prints what is wrong on standard error, a line a problem.
    package func tell() {
        let lines = description.split(separator: "\n").map { "jitgate-fetch: \($0)\n" }
        _ = try? FileDescriptor.standardError.writeAll(lines.joined().utf8)
    }
}
