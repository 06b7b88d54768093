import CLinux
import SystemPackage

/// The user, group and process at the other end of a Unix socket when it connected.
package struct PeerCredentials: Hashable, Sendable {
    package let processID: Int32
    package let userID: UInt32
    package let groupID: UInt32
    /// The supplementary groups.
    package let groups: Set<UInt32>

    package init(processID: Int32, userID: UInt32, groupID: UInt32, groups: Set<UInt32>) {
        self.processID = processID
        self.userID = userID
        self.groupID = groupID
        self.groups = groups
    }

    package func isMember(ofGroup group: UInt32) -> Bool {
        groupID == group || groups.contains(group)
    }

    /// Reads SO_PEERCRED and SO_PEERGROUPS of unix(7).
    static func of(_ socket: borrowing OwnedDescriptor) throws(Errno) -> PeerCredentials {
        let descriptor = socket.rawValue
        var (process, user, group): (Int32, UInt32, UInt32) = (0, 0, 0)
        try SystemCall.check {
            unsafe clinux_peer_credentials(descriptor, &process, &user, &group)
        }
        // NGROUPS_MAX of limits.h: no process is in more groups.
        var groups = [UInt32](repeating: 0, count: 65_536)
        let count = try SystemCall.check {
            unsafe clinux_peer_groups(descriptor, &groups, groups.count)
        }
        return PeerCredentials(
            processID: process,
            userID: user,
            groupID: group,
            groups: Set(groups.prefix(Int(count)))
        )
    }
}
