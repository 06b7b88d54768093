/// The version of the rules by which grants are judged, as `JITGATE_RULES` names it.
///
/// A record is held to the rules of its time; docs/PROTOCOL.audit, section 4, says what changed.
package enum RulesVersion: Int, Hashable, Sendable, CaseIterable {
    /// Signers are told apart by the first name of a line and by their key.
    case first = 1
    /// Signers are told apart by all their names, the requestor signs where policy says so, and
    /// how long a grant may wait is bounded.
    case second = 2

    package static let current = Self.second

    /// The version that a record names; one without a number is of the first.
    ///
    /// `nil` for a number that only a later release knows.
    package init?(recorded text: String?) {
        guard let text else {
            self = .first
            return
        }
        guard let number = Int(text) else { return nil }
        self.init(rawValue: number)
    }
}

extension RulesVersion: Comparable {
    package static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
}
