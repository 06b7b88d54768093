import Grants
import HubSettings
import HubStorage
import Requests
import Signatures

/// A login that was done: the session, and the link for one browser.
struct FreshLogin: Hashable, Sendable {
    let name: String
    let permissions: Set<Permission>
    let token: String
    let code: String
    let expires: Moment
}

/// Logs people in by what they signed, and browsers by what a login gave (docs/PROTOCOL.hub, section 2).
struct Logins: Sendable {
    /// The time within which the link of a login works.
    static let codeLifetime: Duration = .seconds(60)

    let parts: HubParts

    /// A nonce, and its end.
    func nonce() -> (text: String, expires: Moment) {
        let now = parts.now()
        return (Nonces(secret: parts.secret).make(at: now), now + Nonces.lifetime)
    }

    /// Logs in who signed a login for this hub.
    func logIn(_ file: [UInt8]) async throws -> FreshLogin {
        let now = parts.now()
        let login = try signedLogin(file, at: now)
        try check(login.content, at: now)
        let signature = login.signature
        let key = signature.certificate?.authority ?? signature.fingerprint
        let name = signature.principal
        guard let permissions = parts.people.permissions(of: name, key: key, at: now),
            permissions.contains(.login)
        else { throw HubError(.notSigned, "the key has no name that may log in", "see the line") }
        let session = StoredSession(
            name: name,
            key: key,
            expires: now + parts.configuration.limits.sessionLifetime
        )
        let (token, code) = (Secret.token(), Secret.token())
        try await keep(session, token, code, nonce: login.content.nonce, at: now)
        return FreshLogin(
            name: name,
            permissions: permissions,
            token: token,
            code: code,
            expires: session.expires
        )
    }

    /// Makes a browser's session of the code of a link.
    ///
    /// - Returns: the token, and its end.
    func redeem(_ code: String, ending old: String?) async throws -> (token: String, end: Moment) {
        let (now, token) = (parts.now(), Secret.token())
        let end = try await parts.database.write { statements throws(StorageError) -> Moment? in
            let records = SessionRecords(statements: statements)
            guard let value = try records.take(code, .code, at: now),
                let session = StoredSession(value)
            else { return nil }
            if let old { try records.end(old) }
            try records.add(token, session, at: now)
            return session.expires
        }
        guard let end else {
            throw HubError(.used, "the link was used, or is older than a minute", "log in again")
        }
        return (token, end)
    }

    /// Ends the session of a person.
    func logOut(_ person: Person) async throws {
        guard let session = person.session else { return }
        let now = parts.now()
        try await parts.database.write { statements throws(StorageError) in
            guard try SessionRecords(statements: statements).end(session) else { return }
            let text = "\(person.name) logged out"
            try ActivityRecords(statements: statements)
                .append(ActivityEntry(.logout, at: now, actor: person.name, text))
        }
    }

    private func signedLogin(
        _ file: [UInt8],
        at now: Moment
    ) throws(HubError) -> SignedHubDocument<LoginDocument> {
        do throws(HubDocumentError) {
            return try SignedHubDocument(file, signersBy: parts.people.verifier, at: now)
        } catch {
            throw HubError(.notSigned, "\(error)", "sign the login with -n jitgate-login")
        }
    }

    /// Checks that a login is for this hub, and is new.
    private func check(_ login: LoginDocument, at now: Moment) throws(HubError) {
        let url = parts.configuration.places.url
        let typed = login.url.lowercased()
        let isSame =
            typed.prefix { $0 != ":" } == url.prefix { $0 != ":" }
            && HostedResponder.host(ofURL: typed) == HostedResponder.host(ofURL: url)
            && typed.split(separator: "/").count == 2
        guard isSame else {
            throw HubError(
                .notSigned,
                "the login is for another URL",
                "log in to \(url), and make sure that this is the hub that you mean"
            )
        }
        guard Nonces(secret: parts.secret).isValid(login.nonce, at: now) else {
            throw HubError(
                .notSigned,
                "the nonce is older than a minute, or of another hub",
                "again"
            )
        }
    }

    private func keep(
        _ session: StoredSession,
        _ token: String,
        _ code: String,
        nonce: String,
        at now: Moment
    ) async throws {
        let isNew = try await parts.database.write { statements throws(StorageError) in
            let records = SessionRecords(statements: statements)
            let end = now + Nonces.lifetime + .seconds(60)
            guard try records.remember(nonce, .nonce, until: end) else { return false }
            try records.prune(at: now)
            try records.add(token, session, at: now)
            _ = try records.remember(
                code,
                .code,
                value: session.text,
                until: now + Self.codeLifetime
            )
            let text = "\(session.name) logged in with \(session.key)"
            try ActivityRecords(statements: statements)
                .append(ActivityEntry(.login, at: now, actor: session.name, text))
            return true
        }
        guard isNew else {
            throw HubError(.used, "this login was used already", "log in again")
        }
    }
}

extension StoredSession {
    /// The session as the value of a code: end, key and name.
    fileprivate var text: String { "\(expires.microseconds) \(key) \(name)" }

    fileprivate init?(_ text: String) {
        let words = text.split(separator: " ", maxSplits: 2, omittingEmptySubsequences: false)
        guard words.count == 3, let end = Int64(words[0]) else { return nil }
        self.init(
            name: String(words[2]),
            key: String(words[1]),
            expires: Moment(microseconds: end)
        )
    }
}
