import Enforcement
import Glibc

extension TableOwnership {
    /// The best guard to try for: `JITGATE_RUNG=watched` does without ownership of the table, for
    /// tests and for whoever must let other tools change it.
    static var highest: TableOwnership {
        guard let value = unsafe getenv("JITGATE_RUNG") else { return .owned }
        return unsafe TableOwnership(rawValue: String(cString: value)) ?? .owned
    }
}
