/// The reason why the hub does not start, or ends.
package struct HubFailure: Error, Hashable, Sendable, CustomStringConvertible {
    /// The exit status, of sysexits.h.
    package enum Status: Int32, Hashable, Sendable {
        /// Something on the host failed; another start may succeed.
        case system = 71
        /// The configuration, or a file that it names, is wrong.
        case configuration = 78
    }

    package let status: Status
    package let description: String

    package init(_ status: Status, _ description: String) {
        (self.status, self.description) = (status, description)
    }
}
