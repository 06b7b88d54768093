import CommandSupport
import Grants
import Requests
import StrictJSON

/// A login at a hub: the name of the person, what they may, and the link for a browser.
struct HubLogin {
    let token: HubToken
    /// The namespaces that the person may sign in.
    let may: [String]
    /// A link that logs one browser in, once.
    let link: String?

    init(_ value: JSONValue, from url: String) throws(CommandFailure) {
        guard let text = value["token"]?.text, HubClient.isHeaderText(text),
            let name = value["name"]?.text, let end = value["expires"]?.text,
            let expires = try? Moment(parsing: end)
        else { throw HubRequest.malformed(url) }
        token = HubToken(text: text, name: name, expires: expires)
        may = (value["may"]?.items ?? []).compactMap(\.text)
        link = value["link"]?.text
    }

    /// The signed file that logs in (docs/PROTOCOL.hub, section 2).
    static func file(
        url: String,
        nonce: String?,
        by signer: SSHSigner
    ) throws(CommandFailure) -> [UInt8] {
        guard let nonce else { throw HubRequest.malformed(url) }
        let payload = LoginDocument(url: url, nonce: nonce).payload()
        return payload + (try signer.sign(payload, for: LoginDocument.namespace))
    }

    var summary: String { "logged in as \(token.name) until \(token.expires.wholeSecond)" }
}
