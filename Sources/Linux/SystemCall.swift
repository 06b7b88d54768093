import Glibc
package import SystemPackage

/// The one place that repeats system calls interrupted by a signal.
package enum SystemCall {
    /// Returns the result of `call`; throws `errno` if it is -1.
    @discardableResult
    package static func check<Value: FixedWidthInteger>(
        _ call: () -> Value
    ) throws(Errno) -> Value {
        while true {
            let value = call()
            guard value == -1 else { return value }
            let reason = Errno(rawValue: errno)
            guard reason == .interrupted else { throw reason }
        }
    }
}
