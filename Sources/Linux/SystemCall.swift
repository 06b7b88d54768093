import Glibc
package import SystemPackage

/// The one place where a call that a signal interrupted is repeated.
package enum SystemCall {
    /// What `call` returned, unless it is -1: then what `errno` said.
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
