package import Grants
import StrictJSON

/// The decision of a robot about a request, from the answers of all its checks.
package enum RobotVerdict: Hashable, Sendable {
    case sign(note: String)
    case deny(reason: String)
    /// Nothing is sent: people decide, or the robot looks again.
    case leave(reason: String)

    /// The longest reason of a decision, in characters.
    private static let longestReason = 1024

    /// Decides about a grant that could be used until `expires`.
    ///
    /// A signature is over the payload as it is, so a grant that holds longer than a check allows is
    /// denied. A check that fails, or has no say, never makes a signature.
    package init(_ results: [NamedAnswer], of grant: Grant) {
        let refusals = results.compactMap { Self.refusal($0, of: grant) }
        let failures = results.filter { $0.answer.word == "failed" }
        let passes = results.filter { $0.answer.word == "pass" }
        if !refusals.isEmpty {
            self = .deny(reason: Self.reason(refusals))
        } else if !failures.isEmpty {
            self = .leave(reason: Self.reason(failures.map { "no answer of \($0.text)" }))
        } else if !passes.isEmpty || results.isEmpty {
            self = .leave(reason: Self.reason(passes.map(\.text)))
        } else {
            self = .sign(note: Self.reason(results.map(\.text)))
        }
    }

    private static func refusal(_ result: NamedAnswer, of grant: Grant) -> String? {
        switch result.answer {
        case .deny: return result.text
        case .allow(let until?, _) where until < grant.expires:
            return "\(result.text); it allows access until \(until) only, and this one could hold"
                + " until \(grant.expires): ask again with --expires \(until)"
        default: return nil
        }
    }

    /// Texts as one that a decision may have.
    private static func reason(_ texts: [String]) -> String {
        let text = texts.joined(separator: "; ").unicodeScalars.prefix(longestReason)
        let shown = text.map { $0.isUnsafeToShow ? " " : String($0) }.joined()
        return shown.isEmpty ? "no reason given" : shown
    }
}
