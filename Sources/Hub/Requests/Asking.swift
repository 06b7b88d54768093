import Grants
import HubStorage
import Requests
import Signatures

/// Requests that people send.
extension RequestDesk {
    /// Takes a request that its sender signed under jitgate-request.
    ///
    /// - Returns: the request, and true if it is new.
    func ask(
        signed file: [UInt8],
        with evidence: Evidence = Evidence()
    ) async throws(RequestError) -> (StoredRequest, isNew: Bool) {
        let now = now()
        let signed: SignedPayload
        do throws(SignatureError) {
            signed = try verifier().verify(file, at: now, only: [.request, .grant])
        } catch {
            throw .notSigned(error.description)
        }
        guard let asker = signed.requests.first else {
            throw .notSigned("it has no signature under jitgate-request")
        }
        let armors = ArmoredBlocks(behind: signed.bytes, in: file).blocks
        let signatures = zip(armors, signed.signatures).map { armor, verified in
            CollectedSignature(armor, verified, added: now)
        }
        let request = try request(signed.bytes, by: asker.principal, isSigned: true, at: now)
        return try await add(request, signatures, signed.signatures, evidence, at: now)
    }

    /// Takes the request of a person who is logged in and did not sign it.
    func ask(
        _ payload: [UInt8],
        by name: String,
        with evidence: Evidence = Evidence()
    ) async throws(RequestError) -> (StoredRequest, isNew: Bool) {
        let now = now()
        let request = try request(payload, by: name, isSigned: false, at: now)
        return try await add(request, [], [], evidence, at: now)
    }

    private func request(
        _ payload: [UInt8],
        by name: String,
        isSigned: Bool,
        at now: Moment
    ) throws(RequestError) -> AccessRequest {
        guard payload.last == UInt8(ascii: "\n"), payload.count <= SignedFile.payloadLimit else {
            throw .malformed("a payload ends with a line feed and has at most 64 KiB")
        }
        let grant: Grant
        do throws(GrantSyntaxError) {
            grant = try Grant(parsing: payload)
        } catch {
            let isHosts = error.field == "hosts" && error.code == .badLength
            throw isHosts ? .tooManyHosts : .malformed(error.description)
        }
        guard grant.expires > now else { throw .over("its `expires` has passed") }
        return AccessRequest(
            grant,
            payload: payload,
            sha256: FileDigest.sha256(of: payload),
            askedBy: name,
            isSigned: isSigned,
            created: now,
            lapses: now + limits.lifetime
        )
    }

    private func add(
        _ request: AccessRequest,
        _ signatures: [CollectedSignature],
        _ verified: [VerifiedSignature],
        _ evidence: Evidence,
        at now: Moment
    ) async throws(RequestError) -> (StoredRequest, isNew: Bool) {
        let outlook = RequestOutlook(
            of: request.grant,
            signedBy: verified,
            in: await fleet(request.grant),
            at: now
        )
        let limit = limits.perPerson
        let isNew = try await RequestError.write(database) { statements throws(StorageError) in
            let records = RequestRecords(statements: statements)
            switch try records.known(request) {
            case .same?: return Result<Bool, RequestError>.success(false)
            case .taken?: return .failure(.idTaken)
            case nil: break
            }
            if outlook.isHopeless { return .failure(.refused(outlook.hosts)) }
            guard try records.pendingCount(askedBy: request.askedBy) < Int64(limit) else {
                return .failure(.tooManyRequests(limit))
            }
            try records.add(request, at: now)
            try EvidenceRecords(statements: statements).put(evidence, for: request.grant.id)
            for signature in signatures { _ = try records.add(signature, to: request.grant.id) }
            try ActivityRecords(statements: statements).append(.asked(request))
            try ChangeRecords(statements: statements).append(.request, "\(request.grant.id)")
            return .success(true)
        }
        if isNew { try await publication.reconsider(request.grant.id) }
        return (try await find(request.grant.id), isNew)
    }
}

/// The armored signatures behind a payload, each as it was written.
struct ArmoredBlocks {
    private static let end = Array("-----END SSH SIGNATURE-----\n".utf8)

    private(set) var blocks: [[UInt8]] = []

    /// Splits a file whose signatures have been verified.
    init(behind payload: [UInt8], in file: [UInt8]) {
        var block: [UInt8] = []
        for line in file.dropFirst(payload.count).split(
            separator: UInt8(ascii: "\n"),
            omittingEmptySubsequences: true
        ) {
            block += line + [UInt8(ascii: "\n")]
            guard block.count >= Self.end.count, block.suffix(Self.end.count) == Self.end[...]
            else {
                continue
            }
            blocks.append(block)
            block = []
        }
    }
}

extension ActivityEntry {
    fileprivate static func asked(_ request: AccessRequest) -> Self {
        let grant = request.grant
        let hosts = grant.hosts.prefix(3).map(\.description).joined(separator: ", ")
        let more = grant.hosts.count > 3 ? " and \(grant.hosts.count - 3) more" : ""
        let ports = grant.ports.prefix(3).map(\.description).joined(separator: ", ")
        return Self(
            .asked,
            at: request.created,
            request: grant.id.description,
            actor: request.askedBy,
            "\(request.askedBy) asked for \(ports) of \(hosts)\(more) for \(grant.requestor)"
                + (request.isSigned ? "" : ", unsigned")
        )
    }
}
