import CommandSupport
import Grants
import Signatures

/// A grant, a revocation, a review or a bulletin with the signatures it has so far, maybe none.
struct SignableFile {
    enum Content {
        case grant(Grant)
        case revocation(Revocation)
        case review(Review)
        case unbar(Unbar)
        case bulletin(Bulletin)
    }

    let bytes: [UInt8]
    /// The bytes that each signer signs.
    let payload: [UInt8]
    let signatureCount: Int
    let content: Content

    /// Refuses, before anybody signs, what the agent would refuse with any signature.
    init(_ bytes: [UInt8], name: String) throws(CommandFailure) {
        self.bytes = bytes
        (payload, signatureCount) = try Self.split(bytes, name: name)
        guard payload.last == UInt8(ascii: "\n") else {
            throw CommandFailure(
                .no,
                "\(name): it does not end with a line feed, and what is signed must",
                hints: ["echo >> \(name)"]
            )
        }
        do throws(GrantSyntaxError) {
            content = try Self.read(payload)
        } catch {
            throw CommandFailure(.no, "\(name): \(error)")
        }
    }

    private static func split(
        _ bytes: [UInt8],
        name: String
    ) throws(CommandFailure) -> ([UInt8], Int) {
        let file: SignedFile
        do throws(SignatureError) {
            file = try SignedFile(splitting: bytes)
        } catch {
            guard error.code == .unsigned else { throw CommandFailure(.no, "\(name): \(error)") }
            return (bytes, 0)
        }
        guard file.signatures.count < SignedFile.signatureLimit else {
            throw CommandFailure(.no, "\(name): it has all the signatures it can have")
        }
        return (file.payload, file.signatures.count)
    }

    private static func read(_ payload: [UInt8]) throws(GrantSyntaxError) -> Content {
        let object = try SignedObject(parsing: payload)
        switch object.kind {
        case Revocation.kind: return .revocation(try Revocation(object, under: .current))
        case Review.kind: return .review(try Review(object, under: .current))
        case Unbar.kind: return .unbar(try Unbar(object, under: .current))
        case Bulletin.kind: return .bulletin(try Bulletin(object))
        // A file counts as a grant unless it says otherwise, so its mistakes are reported.
        default: return .grant(try Grant(object, under: .current))
        }
    }

    /// The namespace in which an approver signs, or the requestor.
    func namespace(asRequestor: Bool) throws(CommandFailure) -> SignatureNamespace {
        switch content {
        case .grant: return asRequestor ? .request : .grant
        case .revocation(let revocation) where asRequestor:
            guard revocation.isNarrow else {
                throw CommandFailure(
                    .usage,
                    "--as-requestor: a requestor revokes grants of their own by their ids"
                )
            }
            return .request
        case .revocation(let revocation): return revocation.isNarrow ? .revocation : .lockout
        case .unbar:
            guard !asRequestor else {
                throw CommandFailure(.usage, "--as-requestor: a requestor cannot end a bar")
            }
            return .lockout
        case .review:
            guard !asRequestor else {
                throw CommandFailure(.usage, "--as-requestor: this is a review, not a grant")
            }
            return .review
        case .bulletin:
            guard !asRequestor else {
                throw CommandFailure(.usage, "--as-requestor: this is a bulletin, not a grant")
            }
            return .bulletin
        }
    }

    /// The grant; `nil` in a revocation.
    var grant: Grant? {
        if case .grant(let grant) = content { grant } else { nil }
    }

    private static func summary(_ hosts: [HostPattern], _ reason: String) -> [String] {
        ["on \(hosts.map(\.description).joined(separator: ", "))", "because \(reason)"]
    }

    /// The lines that a signer should have read before signing.
    var summary: [String] {
        switch content {
        case .grant(let grant): grant.summary
        case .revocation(let revocation):
            ["revokes \(revocation.selection.texts.joined(separator: ", "))"]
                + (revocation.until.map { ["lets no such grant open until \($0)"] } ?? [])
                + Self.summary(revocation.hosts, revocation.reason)
        case .unbar(let unbar):
            ["ends the bars \(unbar.ids.map(\.description).joined(separator: ", "))"]
                + Self.summary(unbar.hosts, unbar.reason)
        case .review(let review):
            ["reviews the break-glass grant \(review.grant) as \(review.outcome.rawValue)"]
                + Self.summary(review.hosts, review.reason)
        case .bulletin(let bulletin):
            [
                "tells the fleet \(bulletin.fleet), as of \(bulletin.issued) and until"
                    + " \(bulletin.expires),",
                "that \(bulletin.revokedGrants.count.counting("grant")) and"
                    + " \(bulletin.revokedKeys.count.counting("key")) are revoked",
            ]
        }
    }
}
