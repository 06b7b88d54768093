import Auditing

/// Evidence in files of its own: copies of the evidence in the records.
extension AuditLog {
    /// True if some evidence has no copy yet, and can be copied.
    package var hasUncopiedEvidence: Bool { !uncopied.isEmpty && failures[.evidence] == nil }

    /// Copies evidence out of the records, at most `count` files; evidence that the disk refuses
    /// waits for the next records.
    package mutating func keepEvidence(atMost count: Int) {
        guard !uncopied.isEmpty else { return }
        do throws(RecordingError) {
            try copyEvidence(atMost: count)
            failures[.evidence] = nil
        } catch {
            failures[.evidence] = error.description
        }
    }

    /// The signed file with this SHA-256, if it is kept.
    package func evidence(of digest: String) -> [UInt8]? { kept("\(digest).grant") }

    /// The lines of allowed_signers that its signatures rest on, if they are kept.
    package func signerLines(of digest: String) -> [UInt8]? { kept("\(digest).signers") }

    private func kept(_ name: String) -> [UInt8]? {
        let waiting = uncopied.first { $0.name == name }?.bytes
        return waiting ?? (try? state.content(of: name)) ?? nil
    }

    /// The copy of the signed file with this SHA-256, `nil` if there is none; throws if it cannot be
    /// read now.
    package func keptFile(of digest: String) throws(RecordingError) -> [UInt8]? {
        try state.content(of: "\(digest).grant")
    }

    /// The evidence that has no copy yet, by the names of these.
    package var uncopiedFiles: [String: [UInt8]] {
        Dictionary(uncopied.map { ($0.name, $0.bytes) }) { $1 }
    }

    /// The path of the copy of a signed file.
    package func evidencePath(of digest: String) -> String { state.evidenceFile(of: digest) }

    mutating func copyEvidence(atMost count: Int) throws(RecordingError) {
        var copied = 0
        defer { uncopied.removeFirst(copied) }
        for file in uncopied.prefix(count) {
            try state.keep(file)
            copied += 1
        }
    }
}
