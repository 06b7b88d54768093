package import Auditing
import CLinux
import Glibc
import Linux
import SystemPackage
package import Transparency

/// The agent's own files beside the log: its key, evidence and snapshot.
package struct StateDirectory: Sendable {
    package let path: String
    /// The number of written files that may not be on disk yet.
    var unflushed = 0

    package init(_ path: String) {
        self.path = path
    }

    package var keyFile: String { path + "/audit.key" }
    package var evidence: String { path + "/evidence" }

    /// The path of the copy of a signed file.
    package func evidenceFile(of digest: String) -> String { "\(evidence)/\(digest).grant" }
    package var ended: TombstoneDirectory { TombstoneDirectory(path: path + "/ended") }
    /// The paths of both snapshots, the newer first; they differ only between two steps of a
    /// rotation.
    package var snapshots: [String] { [path + "/snapshot", path + "/snapshot.old"] }

    /// Makes the files and folders that must exist; the directory itself must exist already.
    package func prepare() throws(RecordingError) {
        for folder in [evidence, ended.path] {
            try RecordingError.attempt("make", folder) { () throws(Errno) in
                do throws(Errno) {
                    try SystemCall.check { unsafe mkdir(folder, 0o700) }
                } catch .fileExists {
                    return
                }
            }
        }
    }

    // MARK: the key

    /// The host's audit key, made now if there is none.
    package func key(named name: String) throws(RecordingError) -> AuditKey {
        let bytes: [UInt8]
        do throws(Errno) {
            bytes = try SmallFile.read(keyFile, limit: 4096)
        } catch .noSuchFileOrDirectory {
            return try makeKey(named: name)
        } catch {
            throw RecordingError(attempt: "read", path: keyFile, errno: error)
        }
        let text = String(decoding: bytes.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
        return try RecordingError.reading(keyFile) { () throws(ProofError) in
            try AuditKey(parsing: text)
        }
    }

    /// Makes a new key in place of the old one.
    func makeKey(named name: String) throws(RecordingError) -> AuditKey {
        var random = SystemRandomNumberGenerator()
        let seed = (0..<32).map { _ in UInt8.random(in: 0...255, using: &random) }
        let key = try RecordingError.reading(keyFile) { () throws(ProofError) in
            try AuditKey(name: name, seed: seed)
        }
        try RecordingError.attempt("write", keyFile) { () throws(Errno) in
            try AtomicFile.replace(keyFile, with: Array("\(key.text)\n".utf8), mode: 0o600)
        }
        return key
    }

    // MARK: evidence

    /// Keeps a file unless it is kept already; `flush` makes it durable.
    package mutating func keep(_ file: EvidenceFile) throws(RecordingError) {
        let path = "\(evidence)/\(file.name)"
        let known = try RecordingError.attempt("find", path) { () throws(Errno) in
            try FileIdentity.of(path)
        }
        guard known?.size != Int64(file.bytes.count) else { return }
        unflushed += 1
        try RecordingError.attempt("write", path) { () throws(Errno) in
            try UnsyncedFile.write(file.bytes, to: path, mode: 0o600)
        }
    }

    /// The content of a kept file; `nil` if it is not kept.
    package func content(of name: String) throws(RecordingError) -> [UInt8]? {
        do throws(Errno) {
            return try SmallFile.read("\(evidence)/\(name)", limit: 1 << 20, awaiting: false)
        } catch .noSuchFileOrDirectory {
            return nil
        } catch {
            throw RecordingError(attempt: "read", path: "\(evidence)/\(name)", errno: error)
        }
    }

    package func remove(_ name: String) {
        _ = unsafe unlink("\(evidence)/\(name)")
    }

    /// Waits until all evidence and all archives are on disk.
    ///
    /// Syncs the whole file system, since that is one wait and there may be many files.
    func flush() throws(RecordingError) {
        let folder = evidence
        try RecordingError.attempt("flush", folder) { () throws(Errno) in
            let directory = try OwnedDescriptor.opening {
                unsafe open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
            }
            let raw = directory.rawValue
            try SystemCall.check { clinux_flush_file_system(raw) }
        }
    }

    // MARK: the snapshot

    /// Moves the ended grants in a log state's memory to an archive.
    package mutating func archive(_ logState: inout LogState) throws(RecordingError) {
        unflushed += 1
        let archive = try ended.write(logState.ended.recentBytes)
        logState.archive(into: archive)
    }

    /// Writes the snapshot durably; the one before stays beside it unless it is useless now.
    package func write(
        _ snapshot: LogSnapshot,
        replacingBoth isOldUseless: Bool
    ) throws(RecordingError) {
        let bytes = snapshot.encoded()
        for path in snapshots.prefix(isOldUseless ? 2 : 1) {
            try RecordingError.attempt("write", path) { () throws(Errno) in
                try AtomicFile.replace(path, with: bytes, mode: 0o600)
            }
        }
    }

    /// The snapshot at a path with all its files; `nil` if it is damaged.
    package func snapshot(at path: String) -> LogSnapshot? {
        guard let bytes = try? SmallFile.read(path, limit: 1 << 30) else { return nil }
        return try? LogSnapshot(parsing: bytes) { ended.open($0) }
    }

    /// Removes the archives that neither a snapshot nor this log state needs.
    func removeArchives(notOf logState: LogState, isMerging: Bool) {
        var names = Set(logState.ended.archives.map(\.name.digest))
        for path in snapshots {
            guard var lines = try? LineReader(path: path) else { continue }
            try? lines.read { line in
                names.formUnion(LogSnapshot.archiveNames(in: Array(line)).map(\.digest))
                return false
            }
        }
        ended.remove(allBut: names, isMerging: isMerging)
    }
}
