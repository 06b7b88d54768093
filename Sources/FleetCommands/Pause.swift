import Glibc
import Grants

/// A wait of this program, which nothing ends early.
enum Pause {
    static func sleep(_ length: Duration) {
        usleep(UInt32(clamping: length.microseconds))
    }
}
