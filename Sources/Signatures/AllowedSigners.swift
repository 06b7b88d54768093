import Grants

/// Why an allowed_signers file is refused as a whole, and at which line.
package struct AllowedSignersError: Error, Hashable, Sendable, CustomStringConvertible {
    /// 1 is the first line.
    package let line: Int
    package let reason: String

    package var description: String { "line \(line): \(reason)" }
}

/// Who may sign what and when: OpenSSH's allowed_signers (ssh-keygen(1), ALLOWED SIGNERS).
///
/// Stricter than ssh-keygen on purpose: one malformed line refuses the file, since a skipped line
/// may be the one that restricts; times carry a `Z`; certificates are not supported yet.
/// docs/PROTOCOL.grant, section 1.
package struct AllowedSigners: Sendable {
    private let keys: [[UInt8]: ListedKey]

    /// Nobody may sign.
    package init() { keys = [:] }

    package init(parsing file: [UInt8]) throws(AllowedSignersError) {
        var entries: [[UInt8]: [AllowedSigner]] = [:]
        let lines = file.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        for (index, bytes) in lines.enumerated() {
            do {
                guard let entry = try AllowedSignersLine.parse(bytes) else { continue }
                entries[entry.keyBlob, default: []].append(entry)
            } catch {
                throw AllowedSignersError(line: index + 1, reason: error.description)
            }
        }
        keys = entries.mapValues(ListedKey.init)
    }

    /// The plain names of all signers.
    package var names: [String] { keys.values.flatMap(\.signer.names) }

    /// Whether some line lets its key sign for a namespace, at some time.
    package func allowsAny(for namespace: SignatureNamespace) -> Bool {
        keys.values.contains { $0.lines.contains { $0.maySign(for: namespace) } }
    }

    /// Whether nobody may sign.
    package var isEmpty: Bool { keys.isEmpty }

    /// The lines of one key; `nil` if the file does not list it.
    subscript(keyBlob: [UInt8]) -> ListedKey? { keys[keyBlob] }
}

/// A key of allowed_signers, with every line that holds it.
struct ListedKey: Sendable {
    /// In the order of the file; never empty.
    let lines: [AllowedSigner]
    let signer: SignerIdentity

    init(_ lines: [AllowedSigner]) {
        self.lines = lines
        signer = SignerIdentity(
            fingerprint: SSHSignature.fingerprint(of: lines.first?.keyBlob ?? []),
            names: lines.map(\.principals)
        )
    }
}
