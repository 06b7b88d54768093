import Grants
import HubStorage
import Requests
import Signatures

/// Signatures under requests.
extension RequestDesk {
    /// Takes an armored signature under the payload of a request.
    func sign(_ id: GrantID, _ armor: [UInt8]) async throws(RequestError) -> StoredRequest {
        let now = now()
        let stored = try await find(id)
        let verified: VerifiedSignature
        do throws(SignatureError) {
            verified = try CountedSignatures.check(
                armor,
                over: stored.request.payload,
                by: verifier(),
                at: now
            )
        } catch {
            throw .notSigned(error.description)
        }
        let requestor = stored.request.grant.requestor
        guard verified.namespace == .grant || verified.signer.isNamed(requestor) else {
            throw .notAllowed(
                "only \(requestor) signs under jitgate-request, not \(verified.principal)"
            )
        }
        let signature = CollectedSignature(armor, verified, added: now)
        let isNew = try await RequestError.write(database) { statements throws(StorageError) in
            try Self.add(signature, to: id, in: statements, at: now)
        }
        if isNew { try await publication.reconsider(id) }
        return try await find(id)
    }

    private static func add(
        _ signature: CollectedSignature,
        to id: GrantID,
        in statements: any Statements,
        at now: Moment
    ) throws(StorageError) -> Result<Bool, RequestError> {
        let records = RequestRecords(statements: statements)
        guard let stored = try records.find(id) else { return .failure(.notFound) }
        // A repetition gets the answer of the first time.
        if stored.signatures.contains(where: { $0.sha256 == signature.sha256 }) {
            return .success(false)
        }
        do throws(RequestError) {
            try stored.requireOpen(at: now, isSigning: true)
        } catch {
            return .failure(error)
        }
        guard stored.signatures.count < SignedFile.signatureLimit else {
            return .failure(.tooManySignatures)
        }
        guard try records.add(signature, to: id) else { return .success(false) }
        let entry = ActivityEntry(
            .signed,
            at: now,
            request: id.description,
            actor: signature.signer,
            "\(signature.signer) signed under \(signature.namespace) with \(signature.key)"
        )
        try ActivityRecords(statements: statements).append(entry)
        try ChangeRecords(statements: statements).append(.request, id.description)
        return .success(true)
    }
}
