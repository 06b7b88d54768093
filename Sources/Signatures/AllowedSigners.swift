import Grants

/// Why an allowed_signers file is refused as a whole, and at which line.
package struct AllowedSignersError: Error, Hashable, Sendable, CustomStringConvertible {
    package let line: Int
    package let reason: String

    package var description: String { "line \(line): \(reason)" }
}

/// Who may sign what and when: OpenSSH's allowed_signers (ssh-keygen(1), ALLOWED SIGNERS).
///
/// Stricter than ssh-keygen on purpose: one malformed line refuses the file, since a skipped line
/// may be the one that restricts; times carry a `Z`; certificates are not supported yet.
package struct AllowedSigners: Sendable {
    struct Entry: Hashable, Sendable {
        let principals: PatternList
        let principalText: String
        let namespaces: PatternList?
        let validAfter: Moment?
        let validBefore: Moment?
        let keyType: String
        let keyBlob: [UInt8]
        let line: String

        /// Both bounds are inclusive, as ssh-keygen has them.
        func isValid(at now: Moment) -> Bool {
            validAfter.map { $0 <= now } ?? true && validBefore.map { now <= $0 } ?? true
        }
    }

    private var entries: [[UInt8]: [Entry]] = [:]

    package init(parsing file: [UInt8]) throws(AllowedSignersError) {
        let lines = file.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        for (index, bytes) in lines.enumerated() {
            let content = bytes.last == UInt8(ascii: "\r") ? bytes.dropLast() : bytes
            guard let line = String(validating: content, as: UTF8.self) else {
                throw AllowedSignersError(line: index + 1, reason: "this is not UTF-8")
            }
            do {
                guard let entry = try AllowedSignersLine.parse(line) else { continue }
                entries[entry.keyBlob, default: []].append(entry)
            } catch {
                throw AllowedSignersError(line: index + 1, reason: error.description)
            }
        }
    }

    /// The lines for one key, in the order of the file.
    func entries(for keyBlob: [UInt8]) -> [Entry] {
        entries[keyBlob] ?? []
    }
}
