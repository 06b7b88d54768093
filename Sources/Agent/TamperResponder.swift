import Enforcement
import Grants
import Linux
import SystemPackage

/// Puts the table back where the kernel lets others change it, and records the tampering.
final class TamperResponder {
    private let firewall: FirewallWriter
    private let audit: AuditWriter
    private let events: LoopEvents
    /// The watch of the table; `nil` while the table is owned, or nothing was installed.
    private var defence: TamperState?

    init(_ firewall: FirewallWriter, _ audit: AuditWriter, _ events: LoopEvents) {
        self.firewall = firewall
        self.audit = audit
        self.events = events
    }

    /// Begins to watch, if the table cannot be owned; earlier changes are found by comparing.
    func watch() {
        guard firewall.isInstalled, firewall.gate.table.ownership == .watched, defence == nil else {
            return
        }
        do {
            defence = TamperState(try TamperWatch(ignoring: firewall.gate.table.port))
            listen()
        } catch {
            firewall.fail(error)
        }
    }

    private func listen() {
        guard let descriptor = defence?.watch.fileDescriptor else { return }
        do throws(Errno) {
            defence?.source = try events.source(reading: descriptor, .rulesetChanged)
            firewall.note(unwatched: nil)
        } catch {
            firewall.note(unwatched: error)
        }
    }

    /// Handles a change of the ruleset by another process; returns whether that concerns the gate.
    func rulesetChanged(at now: Moment) -> Bool {
        guard let tampering = defence?.watch.drain(), tampering.isReason else { return false }
        defence?.report.take(tampering)
        if let due = defence?.brake.due(at: now), due > now {
            defence?.source = nil
            defence?.answerDue = due
            let extent = max(defence?.unanswered ?? .elements, tampering.extent)
            defence?.unanswered = extent
        } else {
            mend(tampering.extent, at: now)
        }
        return true
    }

    /// Gives an answer that had to wait, if it is due: before anything that waits for a disk.
    func answerIfDue(at now: Moment) {
        guard let due = defence?.answerDue, due <= now else { return }
        defence?.answerDue = nil
        var extent = defence?.unanswered ?? .elements
        if let tampering = defence?.watch.drain() {
            defence?.report.take(tampering)
            extent = max(extent, tampering.extent)
        }
        defence?.unanswered = .elements
        mend(extent, at: now)
        listen()
    }

    /// Records the tampering that was noticed, if that is due.
    func record(at now: Moment) {
        guard defence?.report.isEmpty == false, defence?.brake.recordDue(at: now) == now else {
            return
        }
        defence?.brake.record(at: now)
        if let entries = defence?.report.takeEntries() { audit.note(entries, at: .now()) }
    }

    /// The moment of the next work, if nothing happens before.
    func due(at now: Moment) -> Moment? { defence?.due(at: now) }

    /// Keeps a postponed answer from waiting longer by as much as time went back.
    func timeWentBack(to moment: Moment) {
        if defence?.answerDue != nil { defence?.answerDue = moment }
    }

    /// Shuts first, and then reads the table: meanwhile strangers could get in.
    private func mend(_ extent: Tampering.Extent, at now: Moment) {
        defence?.brake.answer(at: now)
        let begin = ContinuousClock.now
        let isRestored = firewall.restore(after: extent, at: now)
        let taken = begin.duration(to: .now)
        do throws(GateError) {
            if try firewall.install(at: now) {
                defence?.report.repaired(in: begin.duration(to: .now))
            } else if isRestored {
                defence?.report.repaired(in: taken)
            }
        } catch {
            firewall.fail(error)
            defence?.report.failed(error)
        }
    }
}

/// The state of the watch for changes of the gate by others.
private struct TamperState: ~Copyable {
    var watch: TamperWatch
    /// Stands still while an answer must wait: a storm wakes nobody.
    var source: DescriptorSource?
    var brake = RepairBackoff()
    var report = TamperReport()
    /// The moment by which the events heard must be answered.
    var answerDue: Moment?
    /// The extent of the events that are not answered yet.
    var unanswered = Tampering.Extent.elements

    init(_ watch: consuming TamperWatch) {
        self.watch = watch
    }

    /// The moment of the next work, if nothing happens before.
    func due(at now: Moment) -> Moment? {
        let recordDue = report.isEmpty ? nil : brake.recordDue(at: now)
        return [answerDue, recordDue].compactMap(\.self).min()
    }
}
