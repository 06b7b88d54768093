import Depot
import Grants
import HTTPTypes
import HubStorage
import Hummingbird
import NIOCore
import Signatures

/// PUT bulletin: a bulletin that an allowed signer has signed (docs/PROTOCOL.depot, section 11).
struct BulletinRoutes: HubRoutes {
    let parts: HubParts

    func add(to router: Router<HubContext>) {
        router.put("/bulletin") { request, _ in try await put(request) }
    }

    private func put(_ request: Request) async throws -> Response {
        let bytes = try await request.bytes(limit: DepotObject.bulletinLimit)
        let now = parts.now()
        let (bulletin, signer) = try Self.checked(bytes, by: parts.people.verifier, at: now)
        let condition = Condition(request)
        let result = try await parts.database.write { statements throws(StorageError) in
            try BulletinRecords(statements: statements)
                .put(bytes, bulletin, of: signer, if: condition, at: now)
        }
        switch result {
        case .created: return HubAnswer.empty(.created)
        case .replaced, .same: return HubAnswer.empty()
        case .changed:
            return HubAnswer.text("another bulletin is there; read it first\n", .preconditionFailed)
        case .older:
            throw HubError(
                .decided,
                "the bulletin that is there is as new, or newer",
                "issue another one with `jitgate-fleet bulletin`"
            )
        }
    }

    /// The content of a bulletin and the name of its signer.
    private static func checked(
        _ bytes: [UInt8],
        by verifier: SignatureVerifier,
        at now: Moment
    ) throws(HubError) -> (Bulletin, String) {
        let payload: SignedPayload
        do throws(SignatureError) {
            payload = try verifier.verify(bytes, at: now)
        } catch {
            throw HubError(.notSigned, "\(error)", "sign it with `jitgate-fleet bulletin`")
        }
        let signer = payload.signatures.first { $0.namespace == .bulletin }?.principal
        guard let signer else {
            throw HubError(
                .notSigned,
                "it is not signed as a bulletin",
                "sign it under -n jitgate-bulletin"
            )
        }
        do throws(GrantSyntaxError) {
            return (try Bulletin(parsing: payload.bytes), signer)
        } catch {
            throw HubError(.malformed, error.description, "docs/PROTOCOL.grant, section 8")
        }
    }

    /// Returns true if a bulletin was issued later than another, and an allowed signer has signed it.
    static func isNewer(
        _ bytes: [UInt8],
        than other: [UInt8],
        by verifier: SignatureVerifier,
        at now: Moment
    ) -> Bool {
        let (left, right) = (
            try? checked(bytes, by: verifier, at: now), try? checked(other, by: verifier, at: now)
        )
        guard let left else { return false }
        return right.map { left.0.issued > $0.0.issued } ?? true
    }

    /// The bulletin that a publisher believes to be there.
    struct Condition: Hashable, Sendable {
        let match: [String]
        let mustBeAbsent: Bool

        init(_ request: Request) {
            match = request.tags(.ifMatch)
            mustBeAbsent = request.tags(.ifNoneMatch).contains("*")
        }

        func holds(_ digest: String?) -> Bool {
            if mustBeAbsent, digest != nil { return false }
            guard !match.isEmpty else { return true }
            return digest.map { match.contains($0) || match.contains("*") } ?? false
        }
    }
}

/// The bulletin in the store.
struct BulletinRecords {
    enum Result: Sendable {
        case created
        case replaced
        /// The same bytes are there.
        case same
        /// It is another one than the publisher believes.
        case changed
        case older
    }

    let statements: any Statements

    func put(
        _ bytes: [UInt8],
        _ bulletin: Bulletin,
        of signer: String,
        if condition: BulletinRoutes.Condition,
        at now: Moment
    ) throws(StorageError) -> Result {
        let records = DepotRecords(statements)
        let path = DepotObject.bulletin.path
        let old = try records.object(path)
        if old?.bytes == bytes { return .same }
        guard condition.holds(old?.digest) else { return .changed }
        // Nobody may put an earlier one back, whose signature is as good.
        if let issued = old.flatMap({ Self.issued($0.bytes) }), issued >= bulletin.issued {
            return .older
        }
        try records.replace(object: path, by: bytes, at: now)
        try ChangeRecords(statements: statements).append(.bulletin, path)
        let text = "\(bulletin.title), is posted"
        try ActivityRecords(statements: statements).append(
            ActivityEntry(.bulletin, at: now, actor: signer, text)
        )
        return old == nil ? .created : .replaced
    }

    /// The time of a bulletin that was verified when it came.
    private static func issued(_ bytes: [UInt8]) -> Moment? {
        guard let file = try? IntactFile(checking: bytes) else { return nil }
        return try? Bulletin(parsing: file.bytes).issued
    }
}
