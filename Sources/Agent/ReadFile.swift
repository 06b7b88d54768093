import Auditing
import Grants
import Linux
import Signatures

/// Signed bytes that arrived, whole and in memory.
struct OpenedFile: Sendable {
    let origin: ArrivalOrigin
    let bytes: [UInt8]
    /// True if it may have lain there for long.
    var isListed = false

    /// Finds out all that can be known of a file without looking at others.
    ///
    /// A grant that came in it is judged as of its acceptance.
    func read(by policy: LoadedPolicy, _ live: LiveGrant?, at now: Now) -> ReadFile {
        let arrival = GrantIntake.Arrival(
            origin: origin,
            bytes: bytes,
            signedAt: live?.acceptedAt ?? now.closing,
            now: now.closing,
            opening: now.opening,
            earlierRules: live.flatMap { policy.earlierRules(of: $0) }
        )
        return ReadFile(
            arrival: arrival,
            digest: FileDigest.sha256(of: bytes),
            live: live,
            isListed: isListed,
            statement: policy.reception.read(arrival)
        )
    }

    func read(by policy: LoadedPolicy, _ logState: LogState, at now: Now) -> ReadFile {
        read(by: policy, logState.liveGrant(inFile: FileDigest.sha256(of: bytes)), at: now)
    }
}

/// A file whose signatures were checked.
struct ReadFile: Sendable {
    let arrival: GrantIntake.Arrival
    let digest: String
    /// The grant that came in it, if that is live.
    let live: LiveGrant?
    let isListed: Bool
    let statement: GrantIntake.Statements
}
