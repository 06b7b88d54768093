import CLinux
import Glibc
package import SystemPackage

/// Another program, run to its end.
package enum ChildProcess {
    /// The exit status and the output of a child.
    package struct Outcome: Hashable, Sendable {
        /// The exit status, or 128 and the signal that ended it, as shells count.
        package let status: Int32
        package let output: [UInt8]
    }

    /// The path of descriptor 3 in the child, if it is given a file there.
    package static let attachmentPath = "/dev/fd/3"

    /// Runs the first of `arguments`, found by PATH, with `input` as its standard input.
    ///
    /// Its standard error is ours. It finds `attachment` at `attachmentPath`. Throws EFBIG if it
    /// prints more than `outputLimit` bytes.
    package static func run(
        _ arguments: [String],
        input: [UInt8],
        attachment: [UInt8] = [],
        outputLimit: Int
    ) throws(Errno) -> Outcome {
        let input = try memory(input)
        let attachment = try memory(attachment)
        var ends: [Int32] = [-1, -1]
        try SystemCall.check { unsafe clinux_pipe(&ends) }
        let reading = OwnedDescriptor(adopting: ends[0])
        let writing = OwnedDescriptor(adopting: ends[1])
        // Both ends block here: the parent and the child wait for each other.
        for end in ends { try SystemCall.check { fcntl(end, F_SETFL, 0) } }
        let child = try spawn(
            arguments,
            descriptors: [input.rawValue, writing.rawValue, attachment.rawValue]
        )
        close(consume writing)
        do throws(Errno) {
            guard let output = try reading.readAll(limit: outputLimit) else { throw .fileTooLarge }
            return Outcome(status: try wait(child), output: output)
        } catch {
            kill(child, SIGKILL)
            _ = try wait(child)
            throw error
        }
    }

    private static func close(_ descriptor: consuming OwnedDescriptor) {}

    /// A sealed memory file at its beginning, used since a pipe could fill up.
    private static func memory(_ bytes: [UInt8]) throws(Errno) -> OwnedDescriptor {
        let file = try OwnedDescriptor.opening {
            unsafe clinux_sealed_memory("jitgate", bytes + [0], bytes.count)
        }
        let descriptor = file.rawValue
        try SystemCall.check { lseek(descriptor, 0, SEEK_SET) }
        return file
    }

    /// Starts the child with `descriptors` as its 0, 1 and 3; it shares our 2.
    private static func spawn(
        _ arguments: [String],
        descriptors: [Int32]
    ) throws(Errno) -> pid_t {
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { _ = unsafe posix_spawn_file_actions_destroy(&actions) }
        for (descriptor, target) in zip(descriptors, [Int32(0), 1, 3]) {
            unsafe posix_spawn_file_actions_adddup2(&actions, descriptor, target)
        }
        let words: [UnsafeMutablePointer<CChar>?] = unsafe arguments.map { unsafe strdup($0) }
        defer { for index in unsafe words.indices { unsafe free(words[index]) } }
        guard let program = unsafe words.first ?? nil else { throw .invalidArgument }
        var child: pid_t = 0
        let reason = unsafe posix_spawnp(&child, program, &actions, nil, words + [nil], environ)
        guard reason == 0 else { throw Errno(rawValue: reason) }
        return child
    }

    private static func wait(_ child: pid_t) throws(Errno) -> Int32 {
        var status: Int32 = 0
        try SystemCall.check { unsafe waitpid(child, &status, 0) }
        let signal = status & 0x7F
        return signal == 0 ? status >> 8 & 0xFF : 128 + signal
    }
}
