import Enforcement
import Glibc

extension Rung {
    /// The best guard to try for: `JITGATE_RUNG=watched` does without ownership of the table, for
    /// tests and for whoever must let other tools change it.
    static var highest: Rung {
        guard let value = unsafe getenv("JITGATE_RUNG") else { return .owned }
        return unsafe Rung(rawValue: String(cString: value)) ?? .owned
    }
}
