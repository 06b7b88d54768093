import Auditing
import Grants
import Linux
import Signatures

/// A file that could be opened.
struct OpenedFile: Sendable {
    let path: String
    let content: TrustedFile.Content

    /// What it says: all of that can be found out beside other files.
    func read(by policy: LoadedPolicy, _ ledger: Ledger, at now: Now) -> ReadFile {
        let digest = FileDigest.sha256(of: content.bytes)
        let live = ledger.liveGrant(inFile: digest)
        let arrival = Reception.Arrival(
            path: path,
            bytes: content.bytes,
            signedAt: live?.acceptedAt ?? now.closing,
            now: now.closing,
            earlierRules: live.flatMap { policy.earlierRules(of: $0) }
        )
        let statement = policy.reception.read(arrival)
        return ReadFile(arrival: arrival, digest: digest, live: live, statement: statement)
    }
}

/// A file whose signatures were checked.
struct ReadFile: Sendable {
    let arrival: Reception.Arrival
    let digest: String
    /// The grant that came in it, if that is live.
    let live: LiveGrant?
    let statement: Reception.Statements
}
