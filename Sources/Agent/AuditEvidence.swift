import Recording

/// The signed files that records rest on.
extension AuditWriter {
    /// The signed file of this SHA-256, as far as it is kept.
    func evidence(of digest: String) -> [UInt8]? { log.evidence(of: digest) }
    func signerLines(of digest: String) -> [UInt8]? { log.signerLines(of: digest) }

    /// The files that are only in records as yet, by the names that their copies get.
    var uncopiedFiles: [String: [UInt8]] { log.uncopiedFiles }

    /// The copy of a signed file; throws if it cannot be read now.
    func keptFile(of digest: String) throws(RecordingError) -> [UInt8]? {
        try log.keptFile(of: digest)
    }

    func evidencePath(of digest: String) -> String { log.evidencePath(of: digest) }
}
