import Netfilter

/// The time by which the kernel's own timeout follows the deadline, in milliseconds.
///
/// A set stops matching up to 10 ms early; the margin keeps that after the deadline, at which the
/// agent removes the element itself.
enum TimeoutSlack {
    private static let behind: Int64 = 16
    /// The deviations that are left alone, such as those from clock ticks and slow dumps.
    private static let tolerated: ClosedRange<Int64> = 10...60
    /// The longest commit that leaves all timeouts within the tolerance.
    static let slack = Duration.milliseconds(tolerated.upperBound - behind)

    /// An element for an opening with `left` milliseconds to go.
    static func element(_ key: [UInt8], left: Int64, traffic: Traffic? = nil) -> SetElement {
        SetElement(key: key, timeout: UInt64(max(1, left + behind)), traffic: traffic)
    }

    /// The remaining time of an element's opening.
    static func left(of element: ElementState) -> Duration {
        .milliseconds(max(0, Int64(clamping: element.remaining ?? 0) - behind))
    }

    /// Returns whether an element expires at the planned time, within the tolerance.
    static func holds(_ remaining: UInt64?, left: Int64) -> Bool {
        guard let remaining, let remaining = Int64(exactly: remaining) else { return false }
        return tolerated.contains(remaining - left)
    }
}
