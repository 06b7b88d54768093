import Grants

/// The mistake that has a whole allowed_signers file refused, and its line.
package struct AllowedSignersError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The number of the line, from 1.
    package let line: Int
    package let reason: String

    package var description: String { "line \(line): \(reason)" }
}

/// The keys that may sign, what for and when: OpenSSH's allowed_signers (ssh-keygen(1), ALLOWED
/// SIGNERS).
///
/// Stricter than ssh-keygen on purpose: one malformed line has the file refused, since a skipped
/// line may be the one that restricts; times must end with a `Z`; no line lists a certificate. See
/// docs/PROTOCOL.grant, section 1.
package struct AllowedSigners: Sendable {
    private let keys: [[UInt8]: ListedKey]
    /// The keys whose certificates may sign.
    private let authorities: [[UInt8]: ListedKey]

    /// Makes an empty list: no key may sign.
    package init() {
        keys = [:]
        authorities = [:]
    }

    package init(parsing file: [UInt8]) throws(AllowedSignersError) {
        var entries: [[UInt8]: [AllowedSigner]] = [:]
        var authorities: [[UInt8]: [AllowedSigner]] = [:]
        let lines = file.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        for (index, bytes) in lines.enumerated() {
            do {
                guard let entry = try AllowedSignersLine.parse(bytes) else { continue }
                if entry.options.isAuthority {
                    authorities[entry.keyBlob, default: []].append(entry)
                } else {
                    entries[entry.keyBlob, default: []].append(entry)
                }
            } catch {
                throw AllowedSignersError(line: index + 1, reason: error.description)
            }
        }
        keys = entries.mapValues(ListedKey.init)
        self.authorities = authorities.mapValues(ListedKey.init)
    }

    /// The keys that are listed by themselves.
    var listed: some Collection<ListedKey> { keys.values }

    /// The keys of certificate authorities.
    var listedAuthorities: some Collection<ListedKey> { authorities.values }

    private var all: [ListedKey] { Array(listed) + Array(listedAuthorities) }

    /// The plain names of all signers, as far as the file has them.
    package var names: [String] { all.flatMap(\.signer.names) }

    /// Returns whether any line allows its key a namespace, at any time.
    package func allowsAny(for namespace: SignatureNamespace) -> Bool {
        all.contains { $0.lines.contains { $0.maySign(for: namespace) } }
    }

    /// True if the list has no key.
    package var isEmpty: Bool { keys.isEmpty && authorities.isEmpty }

    /// The lines of one key; `nil` if the file does not list the key.
    subscript(keyBlob: [UInt8]) -> ListedKey? { keys[keyBlob] }

    /// The lines of a certificate authority; `nil` if the file does not list it as one.
    func authority(_ keyBlob: [UInt8]) -> ListedKey? { authorities[keyBlob] }
}

/// A key of allowed_signers, with all lines that list it.
struct ListedKey: Sendable {
    /// The lines in the order of the file; never empty.
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
