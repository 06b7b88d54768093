package import Signatures

/// The alarm by which a grant is let in whose signatures do not meet what policy demands.
package struct BreakGlass: Hashable, Sendable {
    /// The `[[approver]]` entries that allow it, as records name them: number and principal.
    package let approvers: [String]
    /// The refusal that it waives.
    package let waived: Refusal
}

extension Case {
    /// The entries with an alarm among those that allow the grant.
    var weighedAlarms: [[Int]] {
        guard policy.approvers.contains(where: \.isAlarm) else { return [] }
        return zip(payload.signatures, allowances).map { signature, allowance in
            guard signature.namespace != .request,
                signatures.objection(to: signature) == nil,
                case .allowed(let numbers) = allowance
            else { return [] }
            return numbers.filter { policy.approvers[$0 - 1].isAlarm }
        }
    }

    /// True if a signature meets all demands for signatures by itself.
    var isAlarmRaised: Bool { alarms.contains { !$0.isEmpty } }

    /// The alarm that lets the grant in, if it is needed and raised.
    var breakGlass: BreakGlass? {
        guard isAlarmRaised, let gap = approvalGap else { return nil }
        let names = zip(payload.signatures, alarms).compactMap { signature, numbers in
            numbers.first.map { "\($0) \(signature.principal)" }
        }
        let waived = Refusal(
            rule: Rule.approvals.name,
            field: "signatures",
            reason: gap.reason,
            remedy: gap.remedy
        )
        return BreakGlass(approvers: names, waived: waived)
    }
}

extension Judgement {
    /// Returns whether a record tells of an alarm if one was needed, and names entries that allow the
    /// grant.
    package func fits(breakGlass recorded: [String], of payload: SignedPayload) -> Bool {
        guard !recorded.isEmpty else { return breakGlass == nil }
        let allowed = zip(payload.signatures, alarms).flatMap { signature, numbers in
            numbers.map { "\($0) \(signature.principal)" }
        }
        return recorded.allSatisfy(allowed.contains)
    }
}
