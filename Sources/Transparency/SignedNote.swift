import Grants

/// A text and who signed it (https://c2sp.org/signed-note); nothing is verified yet.
package struct SignedNote: Hashable, Sendable {
    /// No checkpoint is longer, in bytes.
    package static let sizeLimit = 64 * 1024
    private static let mark = "\u{2014} "

    private struct Signature: Hashable {
        let name: String
        /// The identifier of the key, then the signature.
        let bytes: [UInt8]
    }

    /// Whole lines, the last line feed included.
    package let text: String
    private let signatures: [Signature]

    /// Reads a note of at most `limit` bytes.
    package init(parsing bytes: [UInt8], limit: Int = sizeLimit) throws(ProofError) {
        guard bytes.count <= limit, let note = String(validating: bytes, as: UTF8.self),
            bytes.allSatisfy({ $0 >= 0x20 || $0 == UInt8(ascii: "\n") })
        else { throw ProofError("it is not a note: at most \(limit >> 10) KiB of UTF-8 text") }
        let lines = note.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false)
        // What follows the last line feed is empty, too.
        guard let gap = lines.dropLast().lastIndex(where: \.isEmpty), gap > 0,
            lines.last?.isEmpty == true, gap < lines.count - 2
        else { throw ProofError("it is not a note: text, an empty line, signatures") }
        text = lines[..<gap].map { String($0) + "\n" }.joined()
        signatures = try Self.signatures(lines[(gap + 1)...].dropLast().map { String($0) })
    }

    private static func signatures(_ lines: [String]) throws(ProofError) -> [Signature] {
        var signatures: [Signature] = []
        for line in lines {
            let words = line.split(separator: " ", omittingEmptySubsequences: false)
            guard line.hasPrefix(mark), words.count == 3, VerifierKey.isName(words[1]),
                let bytes = Base64.decode(Array(words[2].utf8)), bytes.count > 4
            else { throw ProofError("a signature line is not: \(mark)NAME BASE64") }
            signatures.append(Signature(name: String(words[1]), bytes: bytes))
        }
        return signatures
    }

    /// Checks that the holder of the key signed the text; signatures by other keys say nothing.
    package func verify(by key: VerifierKey) throws(ProofError) {
        let ours = signatures(by: key.name, key.identifier)
        guard !ours.isEmpty else {
            let names = signatures.map(\.name).joined(separator: ", ")
            let reason =
                signatures.contains { $0.name == key.name }
                ? "another key of that name signed it" : "it is signed by \(names)"
            throw ProofError("it is not signed by \(key): \(reason)")
        }
        guard ours.allSatisfy({ VerifierKey.isSignature($0, of: text, by: key.key) }) else {
            throw ProofError("its signature by \(key.name) is wrong")
        }
    }

    /// The signatures under this name and identifier of a key, without the identifier.
    func signatures(by name: String, _ identifier: [UInt8]) -> [ArraySlice<UInt8>] {
        signatures.filter { $0.name == name && $0.bytes.starts(with: identifier) }
            .map { $0.bytes.dropFirst(identifier.count) }
    }

    /// The line of one signature, which begins with the identifier of its key.
    static func line(_ signature: [UInt8], name: String) -> String {
        "\(mark)\(name) \(Base64.encode(signature))\n"
    }
}
