/// The location and the name of a log.
package struct LogPlaces: Hashable, Sendable {
    package let log: String
    package let state: String
    /// The name that the log gets when it begins (docs/PROTOCOL.audit, section 6).
    package let origin: String
    /// The id of the machine; empty if the machine has no id.
    package let machineID: String

    package init(log: String, state: String, origin: String, machineID: String = "") {
        self.log = log
        self.state = state
        self.origin = origin
        self.machineID = machineID
    }
}
