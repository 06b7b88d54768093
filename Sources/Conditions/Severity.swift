/// The weight of a condition.
package enum Severity: String, Hashable, Sendable, CaseIterable, Comparable {
    /// Worth knowing; nothing has to be done.
    case note
    /// It may not be what the administrator wants.
    case warning
    /// It keeps jitgate from working, or from being safe.
    case error

    package static func < (left: Self, right: Self) -> Bool { left.rank < right.rank }

    private var rank: Int {
        switch self {
        case .note: 0
        case .warning: 1
        case .error: 2
        }
    }
}
