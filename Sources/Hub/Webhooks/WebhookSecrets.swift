import Crypto
import Grants
import HubSettings
import Linux
import SystemPackage

/// The secrets of a webhook (docs/PROTOCOL.hub, section 10): one, or several while they are rotated.
struct WebhookSecrets: Sendable {
    /// The reason why a file has no secrets.
    struct Problem: Error, Hashable, Sendable {
        let description: String
    }

    private static let limit = 4096
    private static let prefix = "whsec_"
    private static let most = 4
    /// The lengths of a secret in bytes, by the specification.
    private static let lengths = 24...64

    private let keys: [SymmetricKey]

    /// Reads the lines of a file.
    init(parsing bytes: [UInt8]) throws(Problem) {
        let lines = String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline)
            .map { $0.filter { $0 != " " && $0 != "\t" } }
            .filter { !$0.isEmpty }
        guard (1...Self.most).contains(lines.count) else {
            throw Problem(description: "has \(lines.count) lines with a secret, not one to four")
        }
        var keys: [SymmetricKey] = []
        for line in lines {
            guard line.hasPrefix(Self.prefix),
                let key = Base64.decode(Array(line.utf8.dropFirst(Self.prefix.utf8.count))),
                Self.lengths.contains(key.count)
            else {
                throw Problem(
                    description: "has a line that is not whsec_ and 24 to 64 bytes in base64"
                )
            }
            keys.append(SymmetricKey(data: key))
        }
        self.keys = keys
    }

    /// Reads a file, which may be a pipe's or a credential's.
    init(path: String) throws(Problem) {
        let bytes: [UInt8]
        do throws(Errno) {
            bytes = try SmallFile.read(path, limit: Self.limit, awaiting: false)
        } catch {
            throw Problem(description: "cannot be read: \(error)")
        }
        try self.init(parsing: bytes)
    }

    /// The value of webhook-signature: that of each secret.
    func signature(of body: [UInt8], id: String, timestamp: Int64) -> String {
        let content = Array("\(id).\(timestamp).".utf8) + body
        return keys.map { key in
            let code = HMAC<SHA256>.authenticationCode(for: content, using: key)
            return "v1,\(Base64.encode(Array(code)))"
        }
        .joined(separator: " ")
    }

    /// Throws unless each webhook has its secrets.
    static func check(_ webhooks: [Webhook]) throws(HubFailure) {
        for webhook in webhooks {
            guard let path = webhook.secretFile else { continue }
            do throws(Problem) {
                _ = try WebhookSecrets(path: path)
            } catch {
                throw HubFailure(
                    .configuration,
                    "\(path), of webhook \(webhook.name), \(error.description)"
                )
            }
        }
    }
}
