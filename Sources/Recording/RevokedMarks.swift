import Glibc
import Linux
import SystemPackage

/// Marks of adopted grants that were revoked while the log takes no record of that.
///
/// Without one the next agent would find such a grant live. A mark is a file `SHA256.revoked` beside
/// the evidence; where the disk of that is full, too, the copy of the grant's file gets that name.
package struct RevokedMarks: Sendable {
    let state: StateDirectory

    /// Marks the grant of a signed file; nobody can do more where that fails.
    package func add(_ digest: String) {
        let (mark, copy) = (mark(of: digest), state.evidenceFile(of: digest))
        do throws(Errno) {
            _ = try OwnedDescriptor.opening {
                unsafe Glibc.open(mark, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
            }
        } catch {
            _ = unsafe Glibc.rename(copy, mark)
        }
        try? DirectoryListing.synchronize(state.evidence)
    }

    package func contains(_ digest: String) -> Bool {
        ((try? FileIdentity.of(mark(of: digest))) ?? nil) != nil
    }

    /// Takes a mark away: the end is on record.
    package func remove(_ digest: String) {
        let (mark, copy) = (mark(of: digest), state.evidenceFile(of: digest))
        guard let size = ((try? FileIdentity.of(mark)) ?? nil)?.size else { return }
        let isCopy = size > 0 && ((try? FileIdentity.of(copy)) ?? nil) == nil
        _ = unsafe isCopy ? Glibc.rename(mark, copy) : Glibc.unlink(mark)
    }

    private func mark(of digest: String) -> String { "\(state.evidence)/\(digest).revoked" }
}

extension AuditLog {
    package var revokedMarks: RevokedMarks { RevokedMarks(state: state) }
}
