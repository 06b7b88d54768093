import Admission
package import Depot
package import Grants
package import Signatures

/// A signed file that a host can read, with all that a publisher has to know of it.
package struct OfferedFile: Hashable, Sendable {
    package let bytes: [UInt8]
    package let digest: ObjectDigest
    private let content: SignedDocument.Content

    /// Checks a file as far as that is possible without a host: its signatures, by `signers` if they
    /// are given, and its grammar.
    package init(
        checking bytes: [UInt8],
        by signers: SignatureVerifier?,
        at now: Moment
    ) throws(Refusal) {
        self.bytes = bytes
        guard let digest = ObjectDigest(FileDigest.sha256(of: bytes)) else {
            throw Refusal("digest", "its digest is malformed")
        }
        self.digest = digest
        guard bytes.count <= DepotObject.fileLimit else {
            throw Refusal("too-large", "it is longer than \(DepotObject.fileLimit) bytes")
        }
        guard let signers else {
            content = try Self.content(of: bytes)
            try refuseBulletin()
            return
        }
        do throws(DocumentError) {
            content = try SignedDocument(bytes, signersBy: signers, at: now).content
        } catch {
            throw Refusal(error.code, error.description)
        }
        try refuseBulletin()
    }

    /// Refuses a bulletin, which lies on no shelf.
    private func refuseBulletin() throws(Refusal) {
        guard case .bulletin = content else { return }
        throw Refusal("bulletin", "a bulletin is an object of its own: jitgate-fleet bulletin")
    }

    /// The reason why a file is not posted.
    package struct Refusal: Error, Hashable, Sendable {
        /// A stable word, as records of refusals have it.
        package let code: String
        package let reason: String

        package init(_ code: String, _ reason: String) {
            (self.code, self.reason) = (code, reason)
        }
    }

    private static func content(of bytes: [UInt8]) throws(Refusal) -> SignedDocument.Content {
        let file: IntactFile
        do throws(SignatureError) {
            file = try IntactFile(checking: bytes)
        } catch {
            throw Refusal(error.code.rawValue, error.description)
        }
        do throws(GrantSyntaxError) {
            return try SignedDocument.Content(of: file)
        } catch {
            throw Refusal(error.code.rawValue, error.description)
        }
    }
}

extension OfferedFile {
    /// The kind of file, in a word.
    package var kind: String {
        switch content {
        case .grant: "grant"
        case .revocation: "revocation"
        case .review: "review"
        case .unbar: "unbar"
        case .bulletin: "bulletin"
        }
    }

    /// The id in it: of a grant or revocation its own, else the first that it is about.
    package var id: GrantID? {
        switch content {
        case .grant(let grant): grant.id
        case .revocation(let revocation): revocation.id ?? revocation.selection.ids.first
        case .review(let review): review.grant
        case .unbar(let unbar): unbar.ids.first
        case .bulletin: nil
        }
    }

    /// Its line in an index.
    package var line: ShelfLine {
        let id = id?.description ?? String(digest.description.prefix(16))
        if case .grant = content { return ShelfLine(digest, name: id) }
        return ShelfLine(digest, name: "\(kind)-\(id)")
    }

    package var addition: ShelfEdit.Addition { ShelfEdit.Addition(line, closes: facts.closes) }

    /// The facts by which a publisher orders and drops lines.
    package var facts: PostedFile {
        switch content {
        case .grant(let grant): PostedFile(closes: false, end: grant.expires)
        case .revocation(let revocation): PostedFile(closes: true, end: revocation.until)
        case .review, .unbar, .bulletin: PostedFile(closes: false, end: nil)
        }
    }

    private var hosts: [HostPattern] {
        switch content {
        case .grant(let grant): grant.hosts
        case .revocation(let revocation): revocation.hosts
        case .review(let review): review.hosts
        case .unbar(let unbar): unbar.hosts
        case .bulletin: []
        }
    }

    /// The shelves of the hosts that it names literally, and `common` if there are others.
    package func shelves(common: [ShelfName]) -> [ShelfName] {
        let named = hosts.map(\.shelf)
        let all = named.compactMap(\.self) + (named.contains(nil) ? common : [])
        var seen: Set<ShelfName> = []
        return all.filter { seen.insert($0).inserted }
    }
}

extension HostPattern {
    /// The shelf of the one host that it names; `nil` if it may match several, or one of another name.
    package var shelf: ShelfName? {
        guard case .name(let pattern) = self, !pattern.contains(where: { "*?".contains($0) }) else {
            return nil
        }
        return ShelfName(pattern.lowercased())
    }
}
