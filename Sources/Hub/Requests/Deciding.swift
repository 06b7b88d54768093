import Grants
import HubStorage
import Requests
import Signatures

/// Ends of requests that nothing came of.
extension RequestDesk {
    /// Takes a decision that is signed under jitgate-decision.
    func decide(_ id: GrantID, signed file: [UInt8]) async throws(RequestError) -> StoredRequest {
        let now = now()
        let signed: SignedHubDocument<DecisionDocument>
        do throws(HubDocumentError) {
            signed = try SignedHubDocument(file, signersBy: verifier(), at: now)
        } catch {
            throw error.isUnsigned ? .notSigned(error.description) : .malformed(error.description)
        }
        let (document, signer) = (signed.content, signed.signature.signer)
        let stored = try await find(id)
        guard document.request == id, document.payloadDigest == stored.request.sha256 else {
            throw .malformed("the decision is about another request, or about other bytes")
        }
        guard document.decision == .deny || stored.isOwn(of: signer) else {
            throw .notAllowed("\(signed.signature.principal) has neither asked nor signed it")
        }
        return try await decide(
            stored,
            KeptDecision(
                document.decision,
                by: signed.signature.principal,
                reason: document.reason,
                file: file,
                at: now
            )
        )
    }

    /// Withdraws a request of a person who is logged in and does not sign this.
    func withdraw(
        _ id: GrantID,
        reason: String,
        by name: String,
        key: String
    ) async throws(RequestError) -> StoredRequest {
        guard (1...1024).contains(reason.unicodeScalars.count) else {
            throw .malformed("a reason has 1 to 1024 characters")
        }
        let stored = try await find(id)
        guard
            stored.isOwn(of: SignerIdentity(named: name))
                || !key.isEmpty && stored.signatures.contains(where: { $0.key == key })
        else { throw .notAllowed("\(name) has neither asked nor signed it") }
        return try await decide(
            stored,
            KeptDecision(.withdraw, by: name, reason: reason, file: nil, at: now())
        )
    }

    private func decide(
        _ stored: StoredRequest,
        _ decision: KeptDecision
    ) async throws(RequestError) -> StoredRequest {
        let id = stored.request.grant.id
        try await RequestError.write(database) { statements throws(StorageError) in
            let records = RequestRecords(statements: statements)
            guard let current = try records.find(id) else {
                return Result<Void, RequestError>.failure(.notFound)
            }
            // A repetition gets the answer of the first time.
            if current.decision?.isRepeated(by: decision) ?? false { return .success(()) }
            do throws(RequestError) {
                try current.requireOpen(at: decision.at, isSigning: false)
            } catch {
                return .failure(error)
            }
            try records.decide(id, decision)
            try ActivityRecords(statements: statements).append(.decided(id, decision))
            try ChangeRecords(statements: statements).append(.request, id.description)
            return .success(())
        }
        return try await find(id)
    }
}

extension StoredRequest {
    /// True if a signer asked it, is to come in by it, or has signed it.
    fileprivate func isOwn(of signer: SignerIdentity) -> Bool {
        let names = [request.askedBy, request.grant.requestor] + signatures.map(\.signer)
        return names.contains(where: signer.isNamed)
            || !signer.fingerprint.isEmpty && signatures.contains { $0.key == signer.fingerprint }
    }
}

extension KeptDecision {
    fileprivate func isRepeated(by other: Self) -> Bool {
        decision == other.decision && by == other.by && reason == other.reason
            && file == other.file
    }
}

extension ActivityEntry {
    fileprivate static func decided(_ id: GrantID, _ decision: KeptDecision) -> Self {
        let isDenial = decision.decision == .deny
        let unsigned = decision.file == nil ? ", unsigned" : ""
        return Self(
            isDenial ? .denied : .withdrawn,
            at: decision.at,
            request: id.description,
            actor: decision.by,
            "\(decision.by) \(isDenial ? "denied" : "withdrew") it\(unsigned): \(decision.reason)"
        )
    }
}
