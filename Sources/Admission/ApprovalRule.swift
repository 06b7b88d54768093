import Grants
import Signatures

extension Rule {
    static let approvals = Rule(name: "approvals") { item in
        guard let gap = item.approvalGap, !item.isAlarmRaised else { return nil }
        return ("signatures", gap.reason, gap.remedy)
    }

    /// The rule of `RulesVersion.first`, which still judges the records of that time.
    static let approvalsByFirstName = Rule(name: "approvals") { item in
        for (_, port, rules) in item.protectedPorts {
            let own = rules.separateRequestor ? item.grant.requestor : nil
            let signers = Self.differentFirstNames(item.payload.approvals, except: own)
            guard signers.count < rules.approvals else { continue }
            let besides = own.map { ", not counting \($0.debugDescription)" } ?? ""
            return (
                "signatures",
                "\(port) needs \(rules.approvals) signers and this has \(signers.count)\(besides)",
                "have another allowed signer sign the same bytes and append the signature"
            )
        }
        return nil
    }

    private static func differentFirstNames(
        _ approvals: [VerifiedSignature],
        except own: String?
    ) -> [VerifiedSignature] {
        var counted: [VerifiedSignature] = []
        for approval in approvals {
            let isOwn =
                own.map { approval.principal == $0 || approval.principals.matches($0) } ?? false
            let isKnown = counted.contains {
                $0.principal == approval.principal || $0.fingerprint == approval.fingerprint
            }
            if !isOwn, !isKnown { counted.append(approval) }
        }
        return counted
    }
}
