import CNetfilter
import Netfilter
import SystemPackage

extension TableOwnership {
    /// The flags of a table with this protection.
    var tableFlags: UInt32 {
        switch self {
        case .owned: UInt32(NFT_TABLE_F_OWNER.rawValue) | jitgate_table_persist
        case .watched: 0
        }
    }
}

extension KernelTable {
    /// Becomes the owner of a table that outlived its owner; returns whether it did.
    ///
    /// - Throws: `ownedByAnother` if its owner is alive.
    mutating func takeOver() throws(GateError) -> Bool {
        let found = try attempting { (connection) throws(NetfilterError) in
            try connection.tableAlone()
        }
        guard let found else { return false }
        if let owner = found.owner {
            guard owner == connection.portID else { throw .ownedByAnother(port: owner) }
            return false
        }
        guard ownership == .owned, found.flags & jitgate_table_persist != 0 else { return false }
        do throws(NetfilterError) {
            let flags = ownership.tableFlags
            try connection.commit("adopt the table", onlyAt: nil) { $0.adoptTable(flags: flags) }
            return true
        } catch {
            // Another process was faster, or removed it: the next look shows which.
            guard error.errno != .notPermitted, error.errno != .noSuchFileOrDirectory else {
                return false
            }
            throw .refused(error)
        }
    }
}
