import AgentInterface
import Auditing
import AgentSettings
import Connections
import Enforcement
import Grants
import Linux
import Recording

/// The parts of an agent that lie outside it and that it holds on to.
struct AgentParts: ~Copyable {
    let policyPath: String
    let host: HostFacts
    let loaded: LoadedPolicy
    let commit: PolicyCommit
    let timer: BootTimeTimer
    let watch: DirectoryWatch
    /// The watch of the inboxes, if any; events there take no room from the drop directories.
    let inboxWatch: DirectoryWatch?
    let conditions: HostConditions
    let audit: AuditWriter
    var gate: Firewall
    let notifier: ServiceNotifier
    var journal: JournalCopy
    var prover: ConnectionProver
    var cutter: SessionCutter
}

/// The parts that have to do with connections.
struct ConnectionParts {
    let drains: SessionDrains
    let resets: SessionResets
    let warnings: SessionWarnings
    let monitor: ConnectionMonitor
    let uses: UseRecorder
    let packets: PacketRecorder

    init(
        _ monitor: ConnectionMonitor,
        _ resets: SessionResets,
        _ firewall: FirewallWriter,
        _ policy: PolicyManager,
        _ grants: GrantTable,
        _ audit: AuditWriter,
        _ clocks: Clocks,
        _ events: LoopEvents
    ) {
        self.monitor = monitor
        self.resets = resets
        drains = SessionDrains(firewall, resets, policy, grants, clocks, events)
        warnings = SessionWarnings(firewall, policy, grants)
        uses = UseRecorder(monitor, policy, grants, audit)
        packets = PacketRecorder(monitor, uses, firewall, policy, audit)
    }
}
