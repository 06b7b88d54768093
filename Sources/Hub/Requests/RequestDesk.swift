import Grants
import HubStorage
import Requests
import Signatures

/// The use cases of requests: ask, sign, decide, publish (docs/PROTOCOL.hub, sections 3 and 4).
///
/// Signatures are checked and outlooks made outside of transactions, so that writers wait for none of it.
struct RequestDesk: Sendable {
    /// The limits of hub.toml.
    struct Limits: Sendable {
        /// The time after which a request that nobody answers is over.
        var lifetime: Duration
        /// The requests of a person that may wait at once.
        var perPerson: Int
    }

    let database: any Database
    let limits: Limits
    /// Checks signatures by the allowed signers of now.
    let verifier: @Sendable () -> SignatureVerifier
    /// The rules that hosts have reported, of all that a grant may mean.
    let fleet: @Sendable (Grant) async -> FleetRules
    let now: @Sendable () -> Moment

    var views: RequestViews { RequestViews(desk: self) }
    var publication: RequestPublication { RequestPublication(desk: self) }
    var files: FileDesk { FileDesk(desk: self) }
    var evidence: EvidenceDesk { EvidenceDesk(desk: self) }
    var lapsing: LapsingRequests { LapsingRequests(desk: self) }

    /// The request with an id, as it is kept.
    func find(_ id: GrantID) async throws(RequestError) -> StoredRequest {
        let found = try await RequestError.read(database) { statements throws(StorageError) in
            try RequestRecords(statements: statements).find(id)
        }
        guard let found else { throw .notFound }
        return found
    }

    /// The signatures of a request that count now.
    func counted(_ stored: StoredRequest, at now: Moment) -> CountedSignatures {
        CountedSignatures(
            of: stored.request.payload,
            stored.signatures,
            by: verifier(),
            at: now
        )
    }
}

extension StoredRequest {
    /// Throws unless the request can still be decided or signed.
    ///
    /// A published one can be signed: other hosts may wait for it.
    func requireOpen(at now: Moment, isSigning: Bool) throws(RequestError) {
        switch state {
        case .denied: throw .decided(.denied)
        case .withdrawn: throw .decided(.withdrawn)
        case .published where !isSigning: throw .decided(.published)
        case .published where now < request.grant.expires: return
        case .pending where now < lapses: return
        case .lapsed, .pending, .published: throw .over("the request is over")
        }
    }
}
