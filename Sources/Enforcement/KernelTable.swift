import CNetfilter
import Netfilter
import Netlink
import SystemPackage

/// `table inet jitgate` in the kernel: one transaction a change, and one owner.
///
/// If the kernel supports it, this socket owns the table and the table persists after the socket,
/// so that no other process can change it while this lives, and nothing opens or closes when this
/// dies.
package struct KernelTable: ~Copyable {
    var connection: TableConnection
    /// The best protection of the table that the kernel has not rejected yet.
    package private(set) var ownership: TableOwnership
    /// The kernel's features, probed once there is a table to probe with, unless set before.
    package var features: KernelFeatures?

    /// Opens a socket in the network namespace of the calling thread; changes nothing there.
    ///
    /// `descriptor` is a socket of an earlier process, which may own the table; it is taken over.
    /// `highest` is the best protection to try.
    package init(adopting descriptor: Int32?, highest: TableOwnership) throws(GateError) {
        do {
            let socket =
                if let descriptor {
                    try NetlinkSocket.netfilter(adopting: descriptor)
                } else {
                    try NetlinkSocket.netfilter()
                }
            connection = TableConnection(table: GateNames.table, over: socket)
        } catch {
            throw .refused(NetfilterError(attempt: "open a netlink socket", errno: error))
        }
        ownership = highest
    }

    /// The socket that owns the table: a process with a copy of it keeps the ownership alive.
    package var ownerDescriptor: Int32 { connection.fileDescriptor }

    /// The netlink port of that socket, by which the kernel identifies the owner.
    package var port: UInt32 { connection.portID }

    /// Commits a change in one transaction, or in several if the socket's buffer is too small for
    /// one: in a user namespace the agent may not get the buffer that it asks for.
    mutating func commit(
        _ change: RulesetChange,
        _ attempt: String,
        onlyAt generation: UInt32?
    ) throws(GateError) {
        do {
            try commitAtOnce(change, attempt, onlyAt: generation)
        } catch {
            guard error.errno == .messageTooLong, let (first, second) = change.halved() else {
                throw error
            }
            try commit(first, attempt, onlyAt: generation)
            try commit(second, attempt, onlyAt: nil)
        }
    }

    private mutating func commitAtOnce(
        _ change: RulesetChange,
        _ attempt: String,
        onlyAt generation: UInt32?
    ) throws(GateError) {
        let (flags, features) = (ownership.tableFlags, features ?? KernelFeatures())
        try attempting { (connection) throws(NetfilterError) in
            try connection.commit(attempt, onlyAt: generation) { batch in
                change.write(to: &batch, tableFlags: flags, features)
            }
        }
    }

    /// Runs an operation on the connection, and turns its error into a `GateError`.
    mutating func attempting<Value>(
        _ body: (inout TableConnection) throws(NetfilterError) -> Value
    ) throws(GateError) -> Value {
        do throws(NetfilterError) {
            return try body(&connection)
        } catch {
            throw .refused(error)
        }
    }

    /// Reads the table and the elements of all sets; `nil` if there is no table.
    mutating func snapshot() throws(GateError) -> RulesetSnapshot? {
        try attempting { (connection) throws(NetfilterError) in try connection.snapshot() }
    }

    /// Returns whether a table has exactly the flags of the best protection available.
    func isGuarded(_ table: TableState?) -> Bool {
        guard let table else { return false }
        switch ownership {
        case .owned: return table.owner == connection.portID && table.flags == ownership.tableFlags
        case .watched: return table.flags & ~jitgate_table_persist == 0
        }
    }

    /// Does without ownership from now on if an error says that the kernel does not know it (before
    /// Linux 6.9); returns whether it does.
    mutating func lowersOwnership(after errno: Errno) -> Bool {
        guard ownership == .owned, errno == .notSupported || errno == .invalidArgument else {
            return false
        }
        ownership = .watched
        return true
    }
}
