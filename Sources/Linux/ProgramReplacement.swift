import Glibc
package import SystemPackage

/// Another program in place of this one.
package enum ProgramReplacement {
    /// Runs the first of `arguments`, found by PATH, in this process; returns only if that fails.
    package static func execute(_ arguments: [String]) -> Errno {
        let words: [UnsafeMutablePointer<CChar>?] = unsafe arguments.map { unsafe strdup($0) }
        defer { for index in unsafe words.indices { unsafe free(words[index]) } }
        guard let program = unsafe words.first ?? nil else { return .invalidArgument }
        unsafe execvp(program, words + [nil])
        return Errno(rawValue: errno)
    }
}
