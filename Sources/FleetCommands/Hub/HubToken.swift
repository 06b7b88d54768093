import CommandSupport
import Grants
import Linux
import StrictJSON
import SystemPackage

/// A bearer token of a hub, which its owner got by a signature.
struct HubToken: Hashable {
    let text: String
    /// The name of the person, as the hub has it.
    let name: String
    let expires: Moment
}

/// The file in which a user's token of one hub lies: `~/.cache/jitgate/HUB.token`.
struct HubTokenFile {
    /// The longest file that is read, in bytes.
    private static let limit = 16 << 10

    private let url: String
    private let folder: String
    private let root: String
    private let name: String

    /// `nil` where the user has no directory for such files: then each run logs in.
    init?(of url: String, _ console: Console) {
        let home = console.variable("HOME")
        guard let root = console.variable("XDG_CACHE_HOME") ?? home.map({ $0 + "/.cache" }) else {
            return nil
        }
        self.url = url
        self.root = root
        folder = root + "/jitgate"
        let authority = url.split(separator: "/", maxSplits: 2).dropFirst().first ?? ""
        name = "\(authority.lowercased()).token"
    }

    var path: String { "\(folder)/\(name)" }

    /// The token of this hub, if it is valid at `now`; else the file goes.
    func read(at now: Moment) -> HubToken? {
        guard let bytes = try? SmallFile.read(path, limit: Self.limit),
            let value = try? JSONNode.parse(bytes).value, value["url"]?.text == url
        else { return nil }
        guard let text = value["token"]?.text, let name = value["name"]?.text,
            let end = value["expires"]?.text, let expires = try? Moment(parsing: end),
            expires > now, HubClient.isHeaderText(text)
        else {
            drop()
            return nil
        }
        return HubToken(text: text, name: name, expires: expires)
    }

    /// Keeps a token where nobody but its owner can read it.
    func write(_ token: HubToken) throws(Errno) {
        let value: JSONValue = [
            "url": .string(url), "name": .string(token.name), "token": .string(token.text),
            "expires": .string(token.expires.description),
        ]
        if !FileAccess.exists(root) { try? DirectoryCreation.create(".cache", below: home) }
        try DirectoryCreation.create("jitgate", below: root)
        try AtomicFile.replace(path, with: value.encoded() + [UInt8(ascii: "\n")], mode: 0o600)
    }

    func drop() { FileAccess.remove(path) }

    private var home: String { root.hasSuffix("/.cache") ? String(root.dropLast(7)) : root }
}
