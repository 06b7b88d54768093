import Admission
import CommandSupport
import Depot
import Grants
import Linux
import Publishing
import Signatures

/// The changes that a new bulletin makes to those before it.
struct BulletinChange {
    /// `nil` for that of the posted one.
    let fleet: String?
    let validity: Duration
    let revoked: (grants: [GrantID], keys: [String])
    let dropped: (grants: [GrantID], keys: [String])

    /// The new bulletin, which keeps what earlier ones revoke; `nil` if no fleet is known.
    func bulletin(after earlier: [Bulletin], at now: Moment) -> Bulletin? {
        guard let fleet = fleet ?? earlier.first?.fleet else { return nil }
        // Whole seconds read better, as long as they are later.
        let latest = earlier.map(\.issued).max()
        let issued = latest.map { $0 < now.wholeSecond } ?? true ? now.wholeSecond : now
        return Bulletin(
            fleet: fleet,
            issued: issued,
            expires: issued + validity,
            revokedGrants: Self.merged(
                earlier.map(\.revokedGrants) + [revoked.grants],
                without: dropped.grants
            ),
            revokedKeys: Self.merged(
                earlier.map(\.revokedKeys) + [revoked.keys],
                without: dropped.keys
            )
        )
    }

    /// The entries of all lists, each once, in the order in which they came.
    private static func merged<Entry: Hashable>(
        _ lists: [[Entry]],
        without dropped: [Entry]
    ) -> [Entry] {
        var seen = Set(dropped)
        return lists.joined().filter { seen.insert($0).inserted }
    }

    /// Returns true if a bulletin says all that was to be said.
    func isMade(by bulletin: Bulletin) -> Bool {
        Set(bulletin.revokedGrants).isSuperset(of: revoked.grants)
            && Set(bulletin.revokedKeys).isSuperset(of: revoked.keys)
            && Set(bulletin.revokedGrants).isDisjoint(with: dropped.grants)
            && Set(bulletin.revokedKeys).isDisjoint(with: dropped.keys)
    }
}

/// Signs bulletins and puts them into a depot (docs/PROTOCOL.depot, section 11).
struct BulletinPublisher {
    let store: any DepotStore
    let signers: SignatureVerifier
    let signer: SSHSigner
    /// The file with the last bulletin that was posted from here.
    let memory: String?
    let console: Console

    func post(_ change: BulletinChange) throws(CommandFailure) -> PostedBulletin {
        let own = try remembered()
        var made: PostedBulletin?
        for round in 0..<SecondLook.rounds {
            if round > 0 { Pause.sleep(SecondLook.pause) }
            let isSure = try store.edit(.bulletin) { object throws(CommandFailure) in
                let posted = try object.map { object throws(CommandFailure) in
                    try bulletin(object.bytes, from: place)
                }
                if let made, let posted, posted.issued >= made.bulletin.issued,
                    change.isMade(by: posted)
                {
                    return nil
                }
                let next = try next(change, [posted, own].compactMap(\.self))
                made = next
                return next.bytes
            }
            guard isSure, let made else { continue }
            try remember(made)
            return made
        }
        throw .overtaken(place)
    }

    private var place: String { "\(store.name)/\(DepotObject.bulletin.path)" }

    private func next(
        _ change: BulletinChange,
        _ earlier: [Bulletin]
    ) throws(CommandFailure) -> PostedBulletin {
        let now = console.now()
        if let late = earlier.map(\.issued).max(), late >= now {
            throw CommandFailure(
                .no,
                "the last bulletin was issued at \(late), and it is \(now): hosts would take the older",
                hints: ["is the clock of this machine right, or that of the other signer?"]
            )
        }
        let fleets = Set(earlier.map(\.fleet) + [change.fleet].compactMap(\.self))
        guard fleets.count <= 1 else {
            throw CommandFailure(
                .no,
                "\(place): it is of another fleet: \(DisplayText.list(fleets.sorted()))",
                hints: ["each fleet has a depot of its own"]
            )
        }
        guard let bulletin = change.bulletin(after: earlier, at: now) else {
            throw CommandFailure(
                .usage,
                "there is no bulletin yet: name the fleet",
                hints: ["jitgate-fleet bulletin --fleet NAME, as [freshness] of the hosts names it"]
            )
        }
        return PostedBulletin(bulletin: bulletin, bytes: try signed(bulletin))
    }

    private func signed(_ bulletin: Bulletin) throws(CommandFailure) -> [UInt8] {
        let payload = bulletin.payload()
        guard payload.count <= SignedFile.payloadLimit else {
            throw CommandFailure(
                .no,
                "a bulletin has at most \(SignedFile.payloadLimit) bytes, and this has \(payload.count)",
                hints: ["leave out grants that have expired: --drop-grant"]
            )
        }
        let bytes = payload + (try signer.sign(payload, for: .bulletin))
        _ = try self.bulletin(bytes, from: "what \(signer.description) signed")
        return bytes
    }

    /// The bulletin in a file, which one of the signers must have signed.
    private func bulletin(
        _ bytes: [UInt8],
        from place: String
    ) throws(CommandFailure) -> Bulletin {
        let document: SignedDocument
        do throws(DocumentError) {
            document = try SignedDocument(bytes, signersBy: signers, at: console.now())
        } catch {
            throw CommandFailure(
                .no,
                "\(place): \(DisplayText.safe(error.description))",
                hints: ["the signer's line needs namespaces=\"jitgate-bulletin\""]
            )
        }
        guard case .bulletin(let bulletin) = document.content else {
            throw CommandFailure(.no, "\(place): it is no bulletin, and is left as it is")
        }
        return bulletin
    }

    // MARK: the memory

    private func remembered() throws(CommandFailure) -> Bulletin? {
        guard let memory, FileAccess.exists(memory) else { return nil }
        let bytes = try GrantFile.read(memory, limit: DepotObject.bulletin.limit)
        return try bulletin(bytes, from: memory)
    }

    private func remember(_ posted: PostedBulletin) throws(CommandFailure) {
        guard let memory else { return }
        try GrantFile.replace(memory, with: posted.bytes, mode: 0o644)
    }
}
