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
    private var entries: [[UInt8]: [AllowedSigner]] = [:]

    /// Nobody may sign.
    package init() {}

    package init(parsing file: [UInt8]) throws(AllowedSignersError) {
        let lines = file.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        for (index, bytes) in lines.enumerated() {
            do {
                guard let entry = try AllowedSignersLine.parse(bytes) else { continue }
                entries[entry.keyBlob, default: []].append(entry)
            } catch {
                throw AllowedSignersError(line: index + 1, reason: error.description)
            }
        }
    }

    /// Whether nobody may sign.
    package var isEmpty: Bool { entries.isEmpty }

    /// The lines for one key, in the order of the file.
    func entries(for keyBlob: [UInt8]) -> [AllowedSigner] {
        entries[keyBlob] ?? []
    }
}
