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
    /// prints more than `outputLimit` bytes, and ETIMEDOUT if it has not ended after `timeLimit`;
    /// then it is killed, with all that it started if there is a time limit.
    package static func run(
        _ arguments: [String],
        input: [UInt8],
        attachment: [UInt8] = [],
        outputLimit: Int,
        timeLimit: Duration? = nil
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
            descriptors: [input.rawValue, writing.rawValue, attachment.rawValue],
            leadsGroup: timeLimit != nil
        )
        close(consume writing)
        let deadline = timeLimit.map { ProcessDeadline(after: $0) }
        do throws(Errno) {
            let output = try read(reading, limit: outputLimit, deadline)
            try deadline?.awaitEnd(of: child)
            return Outcome(status: try wait(child), output: output)
        } catch {
            kill(deadline == nil ? child : -child, SIGKILL)
            _ = try wait(child)
            throw error
        }
    }

    private static func read(
        _ descriptor: borrowing OwnedDescriptor,
        limit: Int,
        _ deadline: ProcessDeadline?
    ) throws(Errno) -> [UInt8] {
        var bytes: [UInt8] = []
        while bytes.count <= limit {
            try deadline?.awaitReading(of: descriptor.rawValue)
            let chunk = try descriptor.readChunk(min(limit - bytes.count + 1, 65_536))
            if chunk.isEmpty { return bytes }
            bytes += chunk
        }
        throw .fileTooLarge
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
        descriptors: [Int32],
        leadsGroup: Bool
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
        var attributes = posix_spawnattr_t()
        unsafe posix_spawnattr_init(&attributes)
        defer { _ = unsafe posix_spawnattr_destroy(&attributes) }
        if leadsGroup {
            unsafe posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP))
        }
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
        return child
    }

    private static func wait(_ child: pid_t) throws(Errno) -> Int32 {
        var status: Int32 = 0
        try SystemCall.check { unsafe waitpid(child, &status, 0) }
        let signal = status & 0x7F
        return signal == 0 ? status >> 8 & 0xFF : 128 + signal
    }
}
