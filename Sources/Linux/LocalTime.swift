import Glibc

/// The local time zone, from `TZ` or else /etc/localtime.
package enum LocalTime {
    /// The offset of local time from UTC at a moment of the wall clock.
    package static func secondsEast(atSecond second: Int64) -> Int {
        var time = time_t(second)
        var local = unsafe tm()
        return unsafe localtime_r(&time, &local) == nil ? 0 : unsafe local.tm_gmtoff
    }
}
