import Auditing
import Glibc
import Linux
import SystemPackage

/// STATE/ended: archives of ended grants, each named by the SHA-256 of its content.
///
/// Nothing is flushed here; a snapshot that names archives is written after they are on disk.
package struct TombstoneDirectory: Sendable {
    private static let merging = "merging"

    package let path: String

    private func path(_ name: ArchiveName) -> String { "\(path)/\(name.digest)" }

    func open(_ name: ArchiveName) -> TombstoneFile? {
        TombstoneFile(checking: name, at: path(name))
    }

    /// Writes these entries to an archive.
    func write(_ bytes: [UInt8]) throws(RecordingError) -> TombstoneFile {
        var check = ArchiveCheck()
        check.take(bytes)
        guard let name = check.name else {
            throw RecordingError(path, "grants that ended are out of order")
        }
        // A snapshot may depend on an archive that is already on disk.
        if let known = open(name) { return known }
        let file = path(name)
        try RecordingError.attempt("write", file) { () throws(Errno) in
            try UnsyncedFile.replace(file, with: bytes, mode: 0o600)
        }
        return try TombstoneFile(written: name, at: file)
    }

    /// Removes the archives that no snapshot needs and no merge writes.
    func remove(allBut names: Set<String>, isMerging: Bool) {
        let found = (try? DirectoryListing.names(in: path)) ?? []
        for name in found where !names.contains(name) && !(isMerging && name == Self.merging) {
            _ = unsafe unlink("\(path)/\(name)")
        }
    }

    /// Begins to merge two archives.
    func merging(
        _ older: any TombstoneArchive,
        _ newer: any TombstoneArchive
    ) throws(RecordingError) -> TombstoneCompaction {
        try TombstoneCompaction(ArchiveMerge(older, newer), at: "\(path)/\(Self.merging)", in: self)
    }

    /// Renames a merged archive to the name of its content.
    fileprivate func adopt(
        _ temporary: String,
        as name: ArchiveName
    ) throws(RecordingError) -> TombstoneFile {
        if let known = open(name) { return known }
        let file = path(name)
        try RecordingError.attempt("rename", temporary) { () throws(Errno) in
            _ = try SystemCall.check { unsafe rename(temporary, file) }
        }
        return try TombstoneFile(written: name, at: file)
    }
}

/// A merge of two archives in progress.
struct TombstoneCompaction: ~Copyable {
    private var merge: ArchiveMerge
    private var check = ArchiveCheck()
    private let file: OwnedDescriptor
    private let path: String
    private let folder: TombstoneDirectory

    fileprivate init(
        _ merge: ArchiveMerge,
        at path: String,
        in folder: TombstoneDirectory
    ) throws(RecordingError) {
        file = try RecordingError.attempt("write", path) { () throws(Errno) in
            try OwnedDescriptor.opening {
                unsafe open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o600)
            }
        }
        self.merge = merge
        self.path = path
        self.folder = folder
    }

    /// Writes the next entries; returns the archive once all are written.
    mutating func step(_ count: Int) throws(RecordingError) -> TombstoneFile? {
        let bytes = try RecordingError.reading(path) { () throws(RecordError) in
            try merge.next(atMost: count)
        }
        guard !bytes.isEmpty else {
            guard let name = check.name else {
                throw RecordingError(path, "grants that ended are out of order")
            }
            return try folder.adopt(path, as: name)
        }
        check.take(bytes)
        do throws(Errno) {
            try file.write(bytes)
        } catch {
            throw RecordingError(attempt: "write", path: path, errno: error)
        }
        return nil
    }
}
