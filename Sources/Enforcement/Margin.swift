import Netfilter

/// How far behind a deadline the kernel's own timeout stands, in milliseconds.
///
/// A set stops matching up to 10 ms early; the margin keeps that behind the deadline, at which the
/// agent removes the element itself.
enum Margin {
    private static let behind: Int64 = 16
    /// What is near enough not to be touched: a clock tick here, a slow dump there.
    private static let tolerated: ClosedRange<Int64> = 10...60
    /// A commit that took no longer has made no timeout later than is tolerated.
    static let slack = Duration.milliseconds(tolerated.upperBound - behind)

    /// An element for what should be open for `left` more milliseconds.
    static func element(_ key: [UInt8], left: Int64, traffic: Traffic? = nil) -> SetElement {
        SetElement(key: key, timeout: UInt64(max(1, left + behind)), traffic: traffic)
    }

    /// How long what an element stands for still is.
    static func left(of element: ElementState) -> Duration {
        .milliseconds(max(0, Int64(clamping: element.remaining ?? 0) - behind))
    }

    /// Whether an element goes away when it should.
    static func holds(_ remaining: UInt64?, left: Int64) -> Bool {
        guard let remaining, let remaining = Int64(exactly: remaining) else { return false }
        return tolerated.contains(remaining - left)
    }
}
