import Auditing
import Glibc
import Linux
package import SystemPackage

/// The reason that the log on disk could not be read, written or continued.
package struct RecordingError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The failed operation, one word for a system call, otherwise the fault.
    package let attempt: String
    package let path: String
    /// The errno; `nil` if no system call failed.
    package let errno: Errno?

    init(attempt: String, path: String, errno: Errno) {
        self.attempt = attempt
        self.path = path
        self.errno = errno
    }

    init(_ path: String, _ problem: String) {
        attempt = problem
        self.path = path
        errno = nil
    }

    package var description: String {
        switch errno {
        case nil: "\(path): \(attempt)"
        // Regular files never block, except for their locks.
        case Errno.wouldBlock: "\(path): another agent has it open"
        case let errno?: "\(attempt) \(path): \(errno)"
        }
    }

    /// Locks an open file until it is closed.
    static func lock(_ descriptor: borrowing OwnedDescriptor, _ path: String) throws(Self) {
        let raw = descriptor.rawValue
        try attempt("lock", path) { () throws(Errno) in
            _ = try SystemCall.check { flock(raw, LOCK_EX | LOCK_NB) }
        }
    }

    /// Adds the path of the file to the error of a failing call.
    static func attempt<Value: ~Copyable>(
        _ what: String,
        _ path: String,
        _ call: () throws(Errno) -> Value
    ) throws(RecordingError) -> Value {
        do throws(Errno) {
            return try call()
        } catch {
            throw RecordingError(attempt: what, path: path, errno: error)
        }
    }

    /// Adds the path of the file to an error in its content.
    static func reading<Value, Failure: Error & CustomStringConvertible>(
        _ path: String,
        _ call: () throws(Failure) -> Value
    ) throws(RecordingError) -> Value {
        do throws(Failure) {
            return try call()
        } catch {
            throw RecordingError(path, error.description)
        }
    }
}
