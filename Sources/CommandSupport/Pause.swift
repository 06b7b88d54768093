import Glibc
import Grants

/// A wait of this program, which nothing ends early.
package enum Pause {
    package static func sleep(_ length: Duration) {
        usleep(UInt32(clamping: length.microseconds))
    }
}
