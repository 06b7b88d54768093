import Attestation
import Depot
import HubSettings
import HubStorage
import Hummingbird
import Transparency

/// The statuses of hosts and their proofs, which each host puts for itself (docs/PROTOCOL.fleet, section 4).
struct StatusRoutes: HubRoutes {
    let parts: HubParts

    func add(to router: Router<HubContext>) {
        router.put("/status/:object") { request, context in
            try await put(request, context)
        }
        router.get("/status/:object") { request, context in
            try await get(request, context)
        }
    }

    /// An object of a host.
    private enum Object {
        case status(ShelfName)
        case proof(ShelfName)

        init(_ text: String) throws(HubError) {
            let isProof = text.hasSuffix(".proof")
            guard let host = ShelfName(isProof ? String(text.dropLast(6)) : text) else {
                throw .notFound
            }
            self = isProof ? .proof(host) : .status(host)
        }

        var host: ShelfName {
            switch self {
            case .status(let host), .proof(let host): host
            }
        }
    }

    private func put(_ request: Request, _ context: HubContext) async throws -> Response {
        let object = try Object(context.part("object"))
        try admit(object.host, context)
        switch object {
        case .status(let host):
            let bytes = try await request.bytes(limit: StatusNote.limit)
            try await parts.depot.reports.take(status: bytes, of: host)
        case .proof(let host):
            let bytes = try await request.bytes(limit: ConsistencyProof.limit)
            try await parts.depot.reports.take(proof: bytes, of: host)
        }
        return HubAnswer.empty()
    }

    /// Admits a host to its own objects: the name in its certificate is theirs.
    private func admit(_ host: ShelfName, _ context: HubContext) throws(HubError) {
        guard parts.configuration.hosts.authorities != nil else { return }
        guard context.peer.certifiedHost?.lowercased() == host.description else {
            throw HubError(
                .notAllowed,
                "the client certificate is not that of \(host)",
                "a host puts status/HOST of the name in its certificate alone"
            )
        }
    }

    private func get(_ request: Request, _ context: HubContext) async throws -> Response {
        _ = try context.caller(may: .audit)
        let bytes: [UInt8]?
        switch try Object(context.part("object")) {
        case .status(let host):
            bytes = try await parts.database.read { statements throws(StorageError) in
                try StatusRecords(statements: statements).row(host)?.note
            }
        case .proof(let host):
            bytes = try await parts.database.read { statements throws(StorageError) in
                try DepotRecords(statements).object(DepotObject.proof(host).path)?.bytes
            }
        }
        guard let bytes else { throw HubError.notFound }
        let object = StoredDepotObject(bytes)
        guard !request.knownTags.contains(object.digest) else {
            return .notModified("\"\(object.digest)\"")
        }
        var response = HubAnswer.bytes(bytes, "text/plain; charset=utf-8")
        response.headers[.eTag] = "\"\(object.digest)\""
        return response
    }
}
