import Enforcement

/// Kernels that can do less than another: the one at hand stands in for all of them.
enum KernelAge: String, CaseIterable {
    case current
    /// A new timeout for an element that is there is ignored.
    case before6_12
    /// A table cannot be owned and outlive its owner.
    case before6_9
    /// Removing what is missing is an error.
    case before6_3

    /// Those on which nobody else can change the table.
    static let owning = [current, before6_12]

    var ownership: TableOwnership {
        Self.owning.contains(self) ? .owned : .watched
    }

    /// `nil` where the gate finds out itself.
    var features: KernelFeatures? {
        switch self {
        case .current: nil
        case .before6_12, .before6_9: KernelFeatures(refreshes: false, destroys: true)
        case .before6_3: KernelFeatures(refreshes: false, destroys: false)
        }
    }
}
