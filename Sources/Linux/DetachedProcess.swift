import Glibc
package import SystemPackage

/// A program that is started and left to itself, such as a browser.
package enum DetachedProcess {
    /// POSIX_SPAWN_SETSID, a GNU extension that Glibc's module leaves out.
    private static let newSession: Int16 = 0x80

    /// Starts the first of `arguments`, found by PATH, in a session of its own with nothing to read and
    /// nobody to write to, so that neither its messages nor Ctrl-C get mixed with ours.
    package static func start(_ arguments: [String]) throws(Errno) {
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { _ = unsafe posix_spawn_file_actions_destroy(&actions) }
        for descriptor in [STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO] {
            unsafe posix_spawn_file_actions_addopen(&actions, descriptor, "/dev/null", O_RDWR, 0)
        }
        var attributes = posix_spawnattr_t()
        unsafe posix_spawnattr_init(&attributes)
        defer { _ = unsafe posix_spawnattr_destroy(&attributes) }
        unsafe posix_spawnattr_setflags(&attributes, newSession)
        let words: [UnsafeMutablePointer<CChar>?] = unsafe arguments.map { unsafe strdup($0) }
        defer { for index in unsafe words.indices { unsafe free(words[index]) } }
        guard let program = unsafe words.first ?? nil else { throw .invalidArgument }
        var child: pid_t = 0
        let reason = unsafe posix_spawnp(
            &child,
            program,
            &actions,
            &attributes,
            words + [nil],
            environ
        )
        guard reason == 0 else { throw Errno(rawValue: reason) }
    }
}
