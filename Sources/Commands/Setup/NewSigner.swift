import CommandSupport
import AgentSettings
import Linux
import Signatures

/// A public key in the form of a line: the type, the key in base64 and a comment.
struct PublicKeyLine: Hashable {
    let type: String
    let base64: String
    let comment: String

    /// Reads a line of a public key or of authorized_keys; `nil` for any other line.
    ///
    /// Options before the type, which may hold quoted blanks, are passed over.
    init?(_ line: Substring) {
        let words = line.split(whereSeparator: \.isWhitespace)
        guard !(words.first?.hasPrefix("#") ?? true) else { return nil }
        for (place, type) in words.enumerated().dropLast() {
            let (base64, comment) = (words[place + 1], words[(place + 2)...])
            guard Self.isKey(type, base64) else { continue }
            (self.type, self.base64) = (String(type), String(base64))
            self.comment = comment.joined(separator: " ")
            return
        }
        return nil
    }

    /// True if allowed_signers takes it.
    private static func isKey(_ type: Substring, _ base64: Substring) -> Bool {
        guard base64.hasPrefix("AAAA") else { return false }
        let line = "name \(type) \(base64)\n"
        return (try? AllowedSigners(parsing: Array(line.utf8))) != nil
    }

    var text: String { "\(type) \(base64)" }

    /// The key as people recognise it.
    var shown: String {
        "\(type) …\(base64.suffix(8))" + (comment.isEmpty ? "" : " (\(comment))")
    }
}

/// The public keys by which the caller may be known to this host.
struct ExistingKeys {
    private static let sizeLimit = 1 << 20
    private static let files = [
        "authorized_keys", "id_ed25519.pub", "id_ed25519_sk.pub", "id_ecdsa.pub", "id_ecdsa_sk.pub",
        "id_rsa.pub",
    ]

    private let console: Console

    init(_ console: Console) {
        self.console = console
    }

    /// Returns the key in `file`, else the only one of the caller, else the one that is chosen.
    func choose(named file: String?) throws(CommandFailure) -> PublicKeyLine {
        if let file {
            let bytes = try GrantFile.read(file, limit: Self.sizeLimit, on: console)
            return try choose(among: Self.keys(in: bytes), of: file)
        }
        let folder = "\(home)/.ssh"
        let found = Self.files.flatMap { name in
            let bytes = try? GrantFile.read("\(folder)/\(name)", limit: Self.sizeLimit)
            return Self.keys(in: bytes ?? [])
        }
        return try choose(among: found, of: folder)
    }

    /// The home of the person behind sudo.
    private var home: String {
        let person = console.variable("SUDO_USER").flatMap { UserFile.home(of: $0) }
        return person ?? console.variable("HOME") ?? "/root"
    }

    private static func keys(in bytes: [UInt8]) -> [PublicKeyLine] {
        String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline)
            .compactMap(PublicKeyLine.init)
    }

    private func choose(
        among keys: [PublicKeyLine],
        of place: String
    ) throws(CommandFailure) -> PublicKeyLine {
        var unique: [PublicKeyLine] = []
        for key in keys where !unique.contains(where: { $0.text == key.text }) {
            unique.append(key)
        }
        guard let first = unique.first else {
            throw CommandFailure(
                .noInput,
                "\(place): there is no public key that can sign",
                hints: ["name a file with --key", "or make one: ssh-keygen -t ed25519"]
            )
        }
        return unique.count == 1 ? first : try ask(unique, of: place)
    }

    private func ask(
        _ keys: [PublicKeyLine],
        of place: String
    ) throws(CommandFailure) -> PublicKeyLine {
        let list = keys.enumerated().map {
            "\($0.offset + 1)  \(DisplayText.safe($0.element.shown))"
        }
        guard let answer = console.ask else {
            throw CommandFailure(
                .usage,
                "\(place): there are \(keys.count) keys:\n" + list.joined(separator: "\n"),
                hints: ["name a file with one of them: --key FILE"]
            )
        }
        list.forEach(console.note)
        guard let number = answer("Which one is it [1-\(keys.count)]: ").flatMap({ Int($0) }),
            keys.indices.contains(number - 1)
        else { throw CommandFailure(.usage, "no key was chosen") }
        return keys[number - 1]
    }
}

/// A signer to add to allowed_signers.
struct NewSigner {
    /// All that a person who runs a host signs; `namespaces=` in the file narrows it.
    private static let namespaces: [SignatureNamespace] = [
        .grant, .request, .revocation, .lockout, .review,
    ]

    let name: String
    let key: PublicKeyLine

    /// Adds the line; `false` if the key is there already.
    func add(to path: String) throws(CommandFailure) -> Bool {
        var bytes: [UInt8] = []
        if FileAccess.exists(path) {
            bytes = try GrantFile.read(path, limit: Configuration.fileLimit)
        }
        try check(bytes, path)
        let isThere = String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline)
            .contains { PublicKeyLine($0)?.text == key.text }
        guard !isThere else { return false }
        if bytes.last.map({ $0 != 0x0A }) ?? false { bytes.append(0x0A) }
        bytes += Array("\(line)\n".utf8)
        try check(bytes, path)
        try GrantFile.replace(path, with: bytes, mode: 0o644)
        return true
    }

    private var line: String {
        let names = Self.namespaces.map(\.rawValue).joined(separator: ",")
        let comment = key.comment.isEmpty ? "" : " \(key.comment)"
        return "\(name) namespaces=\"\(names)\" \(key.text)\(comment)"
    }

    /// A malformed line refuses the whole file.
    private func check(_ bytes: [UInt8], _ path: String) throws(CommandFailure) {
        do throws(AllowedSignersError) {
            _ = try AllowedSigners(parsing: bytes)
        } catch {
            throw CommandFailure(.configuration, "\(path): \(error)")
        }
    }
}
