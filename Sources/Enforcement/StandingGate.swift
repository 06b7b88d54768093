import CNetfilter
package import Netfilter
import SystemPackage

/// The gate as a whole, without openings.
extension KernelGate {
    /// Puts a gate with nothing open in place, unless there is one; answers whether there was none.
    package mutating func shut(_ shape: GateShape) throws(NetfilterError) -> Bool {
        do throws(NetfilterError) {
            try connection.commit("shut the gate") { batch in
                batch.createTable(flags: Self.tableFlags)
                Self.lay(shape, [], in: &batch)
            }
        } catch  where error.errno == .fileExists || error.errno == .notPermitted {
            // Not permitted: it belongs to an agent that runs.
            return false
        }
        return true
    }

    /// Removes the table; answers whether there was one.
    ///
    /// - Throws: `notPermitted` if it belongs to an agent that runs.
    package mutating func remove() throws(NetfilterError) -> Bool {
        do throws(NetfilterError) {
            try connection.commit("take the gate down") { $0.deleteTable() }
        } catch  where error.errno == .noSuchFileOrDirectory {
            return false
        }
        return true
    }
}
