/// The reason why the hub does not start, or ends.
package struct HubFailure: Error, Hashable, Sendable, CustomStringConvertible {
    /// The exit status, of sysexits.h.
    package enum Status: Int32, Hashable, Sendable {
        case noInput = 66
        case unavailable = 69
        case software = 70
        case cannotCreate = 73
        case inputOutput = 74
        case configuration = 78
    }

    package let status: Status
    package let description: String

    package init(_ status: Status, _ description: String) {
        (self.status, self.description) = (status, description)
    }
}
