import Enforcement
import Glibc

extension TableOwnership {
    /// The best guard to try for: `JITGATE_TABLE_OWNERSHIP=watched` does without ownership of the
    /// table, for tests and for hosts where other tools must be able to change it.
    static var highest: TableOwnership {
        guard let value = unsafe getenv("JITGATE_TABLE_OWNERSHIP") else { return .owned }
        return unsafe TableOwnership(rawValue: String(cString: value)) ?? .owned
    }
}
