import CNetfilter
package import Grants
package import Netfilter
import Netlink

/// The gate in the kernel: `table inet jitgate`, and nothing else of nftables.
///
/// Every change is one transaction. The table belongs to the gate's socket and outlives it
/// (`owner`, `persist`), so nobody else can change it while the gate lives and nothing opens or
/// shuts when it does not.
package struct KernelGate: ~Copyable {
    /// Elements expire in the kernel this much after their deadline, in milliseconds.
    ///
    /// A set stops matching up to 10 ms early; the margin keeps that behind the deadline, at which
    /// the agent removes the element itself.
    private static let margin: Int64 = 12

    static let tableFlags = UInt32(NFT_TABLE_F_OWNER.rawValue) | jitgate_table_persist

    var connection: TableConnection
    private var shape: GateShape?
    /// How many openings each set holds: a set is there while it holds any.
    private var inUse: [SourceSet: Int] = [:]
    private var openings: Set<Opening> = []

    /// Opens a gate in the network namespace of the calling thread; changes nothing there.
    package init() throws(NetfilterError) {
        do {
            connection = TableConnection(
                table: GateNames.table,
                over: try NetlinkSocket.netfilter()
            )
        } catch {
            throw NetfilterError(attempt: "open a netlink socket", errno: error)
        }
    }

    /// Puts the whole gate in place, instead of whatever is there by its name.
    ///
    /// `wanted` is what is open, and how long each opening still is.
    package mutating func install(
        _ shape: GateShape,
        open wanted: [Opening: Duration]
    ) throws(NetfilterError) {
        let counts = wanted.keys.reduce(into: [SourceSet: Int]()) {
            $0[SourceSet($1.source), default: 0] += 1
        }
        try connection.commit("install the gate") { batch in
            batch.addTable(flags: nil)
            batch.deleteTable()
            batch.addTable(flags: Self.tableFlags)
            Self.lay(shape, counts.keys.sorted(), in: &batch)
            Self.put(wanted, in: &batch)
        }
        self.shape = shape
        inUse = counts
        openings = Set(wanted.keys)
    }

    /// Opens and closes in one transaction.
    ///
    /// `change` says how long each opening still is; `nil` closes it.
    package mutating func commit(_ change: [Opening: Duration?]) throws(NetfilterError) {
        guard let shape, !change.isEmpty else { return }
        let wanted = change.compactMapValues(\.self)
        let closing = change.keys.filter { change[$0] == .some(nil) && openings.contains($0) }
        let opening = wanted.keys.filter { !openings.contains($0) }
        var counts = inUse
        for key in opening { counts[SourceSet(key.source), default: 0] += 1 }
        for key in closing { counts[SourceSet(key.source), default: 0] -= 1 }
        counts = counts.filter { $0.value > 0 }
        let (old, new) = (Set(inUse.keys), Set(counts.keys))
        try connection.commit("open \(opening.count) and close \(closing.count)") { batch in
            for set in new.subtracting(old).sorted() { batch.addSet(set.definition) }
            if old != new { Self.relay(shape, new.sorted(), in: &batch) }
            for (set, gone) in Dictionary(grouping: closing, by: { SourceSet($0.source) })
            where new.contains(set) {
                batch.destroyElements(gone.map(\.keyBytes), of: set.name)
            }
            for set in old.subtracting(new).sorted() { batch.deleteSet(set.name) }
            Self.put(wanted, in: &batch)
        }
        inUse = counts
        openings.subtract(closing)
        openings.formUnion(opening)
    }

    static func lay(_ shape: GateShape, _ sets: [SourceSet], in batch: inout Batch) {
        batch.addSet(
            SetDefinition(
                name: GateNames.protected,
                keyType: KeyType.concatenated(KeyType.protocolNumber, KeyType.service),
                keyLength: 8,
                expires: false
            )
        )
        batch.addElements(
            shape.protected.map { SetElement(key: $0.keyBytes) },
            to: GateNames.protected
        )
        for set in sets { batch.addSet(set.definition) }
        batch.addChain(GateNames.admit)
        batch.addChain(GateNames.gate)
        batch.addChain(GateNames.prerouting, hook: GateShape.preroutingHook)
        batch.addChain(GateNames.input, hook: GateShape.inputHook)
        for rule in shape.admit { batch.addRule(to: GateNames.admit, rule) }
        for rule in shape.gate(sets) { batch.addRule(to: GateNames.gate, rule) }
        for rule in GateShape.prerouting { batch.addRule(to: GateNames.prerouting, rule) }
        for rule in GateShape.input { batch.addRule(to: GateNames.input, rule) }
    }

    /// Another prefix length came into use, or one went out of it.
    private static func relay(_ shape: GateShape, _ sets: [SourceSet], in batch: inout Batch) {
        batch.flush(chain: GateNames.gate)
        for rule in shape.gate(sets) { batch.addRule(to: GateNames.gate, rule) }
    }

    /// An element is removed and added: that sets its timeout anew on every kernel, without a gap.
    private static func put(_ wanted: [Opening: Duration], in batch: inout Batch) {
        for (set, openings) in Dictionary(grouping: wanted, by: { SourceSet($0.key.source) }) {
            batch.destroyElements(openings.map(\.key.keyBytes), of: set.name)
            let elements = openings.map { opening, left in
                let timeout = max(1, left.microseconds / 1000 + margin)
                return SetElement(key: opening.keyBytes, timeout: UInt64(timeout))
            }
            batch.addElements(elements, to: set.name)
        }
    }
}
