import Glibc
package import Recording
import SystemPackage

extension AuditLog {
    /// Opens a log and waits for its lock: a program that another test starts at this moment
    /// inherits the lock of a closed log until it executes.
    package static func opening(
        _ places: LogPlaces,
        rotation: RotationRule
    ) throws(RecordingError) -> AuditLog {
        for _ in 0..<200 {
            do throws(RecordingError) {
                return try open(places, rotation: rotation)
            } catch {
                guard error.errno == .resourceTemporarilyUnavailable else { throw error }
                usleep(10_000)
            }
        }
        return try open(places, rotation: rotation)
    }
}
