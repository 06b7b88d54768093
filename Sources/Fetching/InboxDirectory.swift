import Depot
import Grants
import Linux
import SystemPackage
import Transfer

/// The directory that the agent reads offers from.
struct InboxDirectory: Sendable {
    private static let bulletin = "bulletin"
    /// The agent reads through its group, by the set-group-id bit of the directory.
    private static let mode: UInt32 = 0o640

    let path: String

    /// The files that are there and have their digest, with their sizes.
    ///
    /// Removes what a crash left half-written, and files of ours that lack their digest.
    func clean() throws(Errno) -> [ObjectDigest: Int] {
        var files: [ObjectDigest: Int] = [:]
        for name in try DirectoryListing.names(in: path) {
            if Self.isUnfinished(name) { FileAccess.remove(path + "/" + name) }
            guard let digest = ObjectDigest(fileName: name) else { continue }
            if let size = size(of: digest) {
                files[digest] = size
            } else {
                remove(digest)
            }
        }
        return files
    }

    /// The files of ours that are there, whatever they hold.
    func present() throws(Errno) -> Set<ObjectDigest> {
        Set(try DirectoryListing.names(in: path).compactMap { ObjectDigest(fileName: $0) })
    }

    func store(_ bytes: [UInt8], as digest: ObjectDigest) throws(Errno) {
        try AtomicFile.replace(path + "/" + digest.fileName, with: bytes, mode: Self.mode)
    }

    /// Stores the bulletin, unless it is there already.
    func store(bulletin bytes: [UInt8]) throws(Errno) -> Bool {
        let file = path + "/" + Bulletin.fileName
        let limit = DepotObject.bulletin.limit
        let old = try? SmallFile.read(file, limit: limit, awaiting: false)
        guard old != bytes else { return false }
        try AtomicFile.replace(file, with: bytes, mode: Self.mode)
        return true
    }

    /// True if a bulletin has come.
    var hasBulletin: Bool { FileAccess.exists(path + "/" + Bulletin.fileName) }

    func remove(_ digest: ObjectDigest) {
        FileAccess.remove(path + "/" + digest.fileName)
    }

    /// The digest of a file.
    static func digest(of bytes: [UInt8]) -> ObjectDigest? {
        ObjectDigest(Digest.sha256(of: bytes).hexadecimal)
    }

    /// The size of a file that has its digest.
    private func size(of digest: ObjectDigest) -> Int? {
        let file = path + "/" + digest.fileName
        let bytes = try? SmallFile.read(file, limit: DepotObject.fileLimit, awaiting: false)
        guard let bytes, Self.digest(of: bytes) == digest else { return nil }
        return bytes.count
    }

    /// Returns true if `AtomicFile` gave a file of ours this name, and a crash left it.
    private static func isUnfinished(_ name: String) -> Bool {
        guard name.hasPrefix(".") else { return false }
        let stem = name.dropFirst()
        return stem.hasPrefix(Bulletin.fileName + ".")
            || ObjectDigest(stem.prefix(ObjectDigest.length)) != nil
    }
}
