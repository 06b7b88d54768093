import Auditing
import Glibc
import Linux
import SystemPackage

/// An archive of ended grants, as a file of STATE/ended (docs/PROTOCOL.audit, section 7).
///
/// It is read through its descriptor and stays readable after its name is removed.
final class TombstoneFile: TombstoneArchive {
    /// The number of entries read at once when all are read.
    private static let batch = 2048

    let name: ArchiveName
    private let path: String
    private let descriptor: OwnedDescriptor

    /// Opens an archive that was just written.
    init(written name: ArchiveName, at path: String) throws(RecordingError) {
        self.name = name
        self.path = path
        descriptor = try RecordingError.attempt("open", path) { () throws(Errno) in
            try OwnedDescriptor.opening { unsafe open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW) }
        }
    }

    /// Opens an archive and reads all of it; `nil` unless its content matches its name.
    convenience init?(checking name: ArchiveName, at path: String) {
        do {
            try self.init(written: name, at: path)
            guard try checkedName() == name else { return nil }
        } catch {
            return nil
        }
    }

    private func checkedName() throws(RecordError) -> ArchiveName? {
        var check = ArchiveCheck()
        for start in stride(from: 0, to: name.count, by: Self.batch) {
            check.take(try bytes(of: start..<min(start + Self.batch, name.count)))
        }
        return check.name
    }

    func bytes(of entries: Range<Int>) throws(RecordError) -> [UInt8] {
        let size = Tombstone.size
        let place = off_t(entries.lowerBound) * off_t(size)
        let raw = descriptor.rawValue
        var failure: Errno?
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: entries.count * size) {
            buffer,
            initialized in
            do throws(Errno) {
                initialized = try SystemCall.check {
                    unsafe pread(raw, buffer.baseAddress, buffer.count, place)
                }
            } catch {
                failure = error
            }
        }
        if let failure { throw damaged("\(failure)") }
        guard bytes.count == entries.count * size else {
            throw damaged("it is shorter than it was")
        }
        return bytes
    }

    private func damaged(_ why: String) -> RecordError {
        RecordError(description: "\(path): \(why)")
    }
}
