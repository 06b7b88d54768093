/// The version of the rules that judge grants, as the field `JITGATE_RULES` of a record names it.
///
/// A record is judged by the rules of its time; docs/PROTOCOL.audit, section 4, lists the changes.
package enum RulesVersion: Int, Hashable, Sendable, CaseIterable {
    /// Tells signers apart by the first name of a line and by their key.
    case first = 1
    /// Tells signers apart by all their names, has the requestor sign if policy demands it, and
    /// limits the time that a grant may wait.
    case second = 2
    /// Knows tickets, labels of hosts, approvers with limits, certificates and passkeys, and holds a
    /// passkey to browsers.
    case third = 3
    /// Knows revocations by people, keys and sources, and bars.
    case fourth = 4

    package static let current = Self.fourth

    /// Reads the version that a record names; a record without one is of the first version.
    ///
    /// Returns `nil` for a number that only a later release knows.
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
