import Admission
import CommandSupport
import AgentSettings
import Grants
import Linux
import Signatures
import SystemPackage

/// The newest bulletin in the inboxes of this host, judged as the agent does it.
struct LocalBulletins {
    private let rule: FreshnessRule
    private var newest: Bulletin?

    /// Reads them; `nil` if no grant waits for a bulletin here.
    init?(
        of configuration: Configuration,
        by verifier: SignatureVerifier,
        _ admission: Admission,
        at now: Moment
    ) {
        guard let rule = configuration.policy.freshness, rule.maxStaleness != nil else {
            return nil
        }
        self.rule = rule
        for inbox in configuration.inboxes {
            let path = inbox.directory + "/" + Bulletin.fileName
            guard
                let bytes = try? SmallFile.read(path, limit: GrantFile.sizeLimit, awaiting: false),
                let document = try? SignedDocument(bytes, signersBy: verifier, at: now),
                case .bulletin(let bulletin) = document.content,
                admission.refusal(of: bulletin, signedBy: document.payload) == nil,
                !bulletin.isAhead(of: now), newest.map({ $0.issued < bulletin.issued }) ?? true
            else { continue }
            newest = bulletin
        }
    }

    /// The effect on a grant that comes by an inbox, in a clause.
    func finding(at now: Moment) -> String {
        guard let newest else {
            return "no bulletin of \(rule.fleet) is known: by an inbox the grant waits for one"
        }
        let end = rule.end(of: newest)
        guard now < end else {
            return
                "the newest of \(rule.fleet) is stale since \(end.wholeSecond): by an inbox the grant"
                + " waits for another one"
        }
        return "that of \(rule.fleet) is fresh until \(end.wholeSecond)"
    }
}
